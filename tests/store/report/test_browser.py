"""The page in a real browser: it stays silent, sorts, fits a phone, and knows the dark."""

import csv
import io
import json
import os
import shutil
from urllib.parse import unquote

import pytest

from shoal.store.report.write import NAME, text_of

from . import made

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver, which .ci/run installs as root"
)

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # No proxy between the test and the driver it starts on this machine.
    os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "localhost", "127.0.0.1"]))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = made.random_run(tmp_path_factory.mktemp("run"), arms=6, seeds=4, trials=6)
    (folder / NAME).write_text(text_of(folder), encoding="utf-8")
    return (folder / NAME).as_uri()


@pytest.fixture
def page(browser, address):
    """The page, newly opened in a desktop's window, light; afterwards the console must be empty."""
    browser.get_log("browser")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [_scheme("light")]})
    _window(browser, 1280, 900)
    browser.get(address)
    yield browser
    assert browser.get_log("browser") == []


def _scheme(name):
    return {"name": "prefers-color-scheme", "value": name}


def _window(browser, width, height):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def _column(page, number):
    return page.execute_script(
        "const rows = [...document.querySelector('table.sortable tbody').rows];"
        "return rows.map(row => row.cells[arguments[0]].innerText)",
        number,
    )


def _heads(page):
    return page.find_elements("css selector", "table.verdicts.sortable thead button")


def test_all_plots_are_there_and_have_a_size(page):
    sizes = page.execute_script(
        "return [...document.querySelectorAll('svg[role=img]')].map(s => [s.getAttribute('aria-label'), "
        "s.getBoundingClientRect().width, s.getBoundingClientRect().height])"
    )
    assert len(sizes) == 6 + 4 + 6  # one in each row, four plots, six small multiples
    for label, width, height in sizes:
        assert label and width > 50 and height > 15


def test_nothing_is_asked_of_any_network(page):
    sent = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [one["params"] for one in sent if one["method"] == "Network.requestWillBeSent"]
    addresses = [one["request"]["url"].partition("#")[0] for one in asked if "documentURL" in one]
    assert page.current_url.partition("#")[0] in addresses, "the page itself is a request, of a file"
    assert {address.partition(":")[0] for address in addresses} <= {"file", "data", "chrome"}


def test_a_click_sorts_and_another_turns_it_round(page):
    score = _heads(page)[2]
    score.click()
    first = _column(page, 2)
    assert first == sorted(first, key=float, reverse=True)
    heads = page.find_elements("css selector", "table.verdicts.sortable thead th")
    assert heads[2].get_attribute("aria-sort") == "descending"
    assert heads[3].get_attribute("aria-sort") == "none"
    score.click()
    assert _column(page, 2) == first[::-1]
    assert heads[2].get_attribute("aria-sort") == "ascending"
    status = page.find_element("id", "sorted")
    assert status.get_attribute("textContent") == "Sorted by Test accuracy, ascending"


def test_enter_on_a_heading_sorts_too(page):
    arm = _heads(page)[0]
    page.execute_script("arguments[0].focus()", arm)
    page.switch_to.active_element.send_keys("\ue007")  # Enter
    names = _column(page, 0)
    assert [name.strip() for name in names] == [f"arm {number}" for number in range(6)]


def test_the_first_stop_of_the_tab_key_skips_to_the_verdict(page):
    page.find_element("tag name", "body").send_keys("\ue004")  # Tab
    link = page.switch_to.active_element
    assert link.text == "Skip to the verdict" and link.rect["y"] >= 0
    link.send_keys("\ue007")
    assert page.switch_to.active_element.get_attribute("id") == "verdict"


def test_a_phone_needs_no_sideways_scrolling(page):
    _window(page, 360, 740)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 360
    assert page.execute_script("return document.querySelector('table.verdicts').scrollWidth") > 360
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.execute_script("return document.documentElement.scrollWidth") <= 360


def test_dark_mode_turns_the_colors(page):
    ask = "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
    light = page.execute_script(ask)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [_scheme("dark")]})
    dark = page.execute_script(ask)
    assert light[0] == "rgb(255, 255, 255)"
    assert sum(map(int, dark[0][4:-1].split(","))) < 120
    assert light[1] != dark[1]


def test_paper_is_white_and_shows_what_is_folded(page):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [_scheme("dark")]})
    assert (
        page.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert page.execute_script("return document.querySelector('details.printed pre').checkVisibility()")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_download_holds_the_plots_numbers(page):
    link = page.find_element("css selector", "#differences .download")
    assert link.get_attribute("download") == "differences.csv"
    # The browser's own reading of the link, which must not be what it was written as.
    text = unquote(page.execute_script("return arguments[0].href", link).partition(",")[2])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["arm"] for row in rows] == [
        name.strip() for name in _column(page, 0) if name.strip() != "arm 0"
    ]
    assert float(rows[0]["difference"]) > float(rows[-1]["difference"])
