"""Published numbers come from committed records."""

import json
import re
import statistics
from pathlib import Path

import pytest

from shoal import catalogue

ROOT = Path(__file__).parent.parent


def test_the_readmes_table_stands_in_the_record_it_names():
    block = re.search(r"<!-- result -->\n(.*?)<!-- /result -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block, "the README has no result"
    links = re.findall(r"\]\((records/[^)]+)\)", block[1])
    assert len(links) == 1
    rows = [line for line in block[1].splitlines() if line.startswith("|")]
    recorded = (ROOT / links[0]).read_text().splitlines()
    assert len(rows) > 3 and all(row in recorded for row in rows)


def test_every_record_says_how_it_was_made():
    for folder in sorted((ROOT / "records").iterdir()):
        verdict = (folder / "verdict.md").read_text()
        raw = [path.read_text() for path in folder.rglob("*.json")]
        assert raw, f"{folder.name} has no raw results"
        assert "python benchmarks/" in verdict + "".join(raw) or "shoal " in verdict, (
            f"{folder.name}: no command"
        )
        assert any('"cpu"' in text for text in raw), f"{folder.name} names no machine"


@pytest.mark.skipif(not catalogue.TIMES.is_file(), reason="benchmarks/optimizer_cost.py has not measured yet")
def test_the_times_that_shoal_lists_are_the_medians_of_a_record():
    found = []
    for file in (ROOT / "records").glob("*_optimizer-cost/raw.json"):
        times = {kind: {} for kind in catalogue.STEPPED}
        for one in json.loads(file.read_text())["results"]:
            times[one["kind"]][one["name"]] = round(statistics.median(one["ratios"]), 2)
        found.append(times)
    assert json.loads(catalogue.TIMES.read_text()) in found
