"""The page of agreements is collected from all processes, and whole runs fail where it is stale."""

from importlib import metadata
from pathlib import Path

import pytest

import agreement
from agreement import Row, Witness
from shoal import catalogue

pytest_plugins = ["pytester"]

RULE = """
import pytest

@pytest.mark.parametrize("off", [OFFS])
def test_walk(off, record_property):
    witness = ("optimizer", "sgd", "plain floats", 40, 0, off, "others | round")
    record_property("agreement", witness)
"""
CONFTEST = """
import agreement
from agreement import pytest_addoption, pytest_configure
agreement.WITNESSED = KINDS
"""


def witness(difference=1e-13, **changed):
    plain = Witness("optimizer", "sgd", "plain floats", 40, 0, difference, "")
    return plain._replace(**changed)


@pytest.fixture
def house(pytester, monkeypatch):
    """house(offs, kinds): a project of one witness test, off by ``offs``; its page is not there yet."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    def make(offs="2e-13, 3e-14", kinds=()):
        pytester.makeini("[pytest]\ntestpaths = tests\n")
        for name, text in {
            "tests/conftest.py": CONFTEST.replace("KINDS", repr(kinds)),
            "tests/techniques/test_rule.py": RULE.replace("OFFS", offs),
            "tests/test_other.py": "def test_other(): pass\n",
        }.items():
            file = pytester.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (pytester.path / "docs").mkdir(exist_ok=True)

    make()
    return make


def run(pytester, *arguments):
    found = pytester.runpytest_subprocess(*arguments)
    return found.ret, found.stdout.str()


def test_page_is_written_from_all_processes(house, pytester):
    assert run(pytester, "-n", "2", "tests/techniques", "--agreement", "docs/agreement.md")[0] == 0
    text = (pytester.path / "docs/agreement.md").read_text()
    assert "| optimizer | sgd | plain floats |  | 40 steps | 1e-12 | others &#124; round |" in text


def test_whole_run_fails_with_a_sentence_where_the_page_is_missing_or_stale(house, pytester):
    code, said = run(pytester)
    assert code == 1 and "docs/agreement.md is missing: run `make agreement`" in said
    assert run(pytester, "tests", "--agreement", "docs/agreement.md")[0] == 0
    assert run(pytester)[0] == 0
    house("2e-11")
    code, said = run(pytester)
    assert code == 1 and "sgd against plain floats is now off by 1e-10, and 1e-12 stands there" in said


@pytest.mark.parametrize("part", [["-k", "walk"], ["tests/test_other.py"], ["tests/techniques/test_rule.py"]])
def test_part_of_a_run_compares_nothing(house, pytester, part):
    assert run(pytester, *part)[0] == 0


def test_part_of_a_run_writes_nothing(house, pytester):
    code, said = run(pytester, "-k", "walk", "--agreement", "docs/agreement.md")
    assert code == 1 and "was not written" in said
    assert not (pytester.path / "docs/agreement.md").exists()


def test_failing_run_compares_nothing(house, pytester):
    (pytester.path / "tests/test_other.py").write_text("def test_other(): assert False\n")
    code, said = run(pytester)
    assert code == 1 and "agreement.md" not in said


def test_technique_without_a_witness_fails_by_name(house, pytester):
    house(kinds=("optimizer",))
    code, said = run(pytester, "--agreement", "docs/agreement.md")
    names = [f"optimizer {name}" for name in catalogue.names("optimizer") if name != "sgd"]
    assert code == 1 and f"no test holds these against a witness by `agrees`: {', '.join(names)}" in said


def test_rows_join_the_comparisons_with_one_reference():
    found = agreement.rows([
        witness(3e-12, known="b"),
        witness(1e-13, steps=30, known="a"),
        witness(0.0, steps=0, values=1200),
        witness(0.0, reference="torch.optim.SGD", steps=35),
        witness(2e-16, kind="activation", technique="relu", steps=0, values=5),
    ])  # fmt: skip
    installed = metadata.version("torch").partition("+")[0]
    assert found == [
        Row("activation", "relu", "plain floats", "", "5 numbers", 1e-15, ""),
        Row("optimizer", "sgd", "plain floats", "", "30 steps, 1,200 numbers", 1e-11, "a b"),
        Row("optimizer", "sgd", "torch.optim.SGD", installed, "35 steps", 1e-16, ""),
    ]


@pytest.mark.parametrize(
    ("reference", "packages"),
    [
        ("algorithm 1 in plain floats", []),
        ("numpy", ["numpy"]),
        ("pytorch_optimizer's Lion before torch.optim.SGD", ["pytorch-optimizer", "torch"]),
        ("optimi.Lion", ["torch-optimi"]),
    ],
)
def test_version_is_that_of_the_packages_a_reference_names(reference, packages):
    expected = [metadata.version(name).partition("+")[0] for name in packages]
    assert agreement.version(reference) == ", ".join(expected)


def test_reference_of_no_installed_package_is_refused():
    with pytest.raises(ValueError, match=r"'no_such_package.Adam' is of no installed package"):
        agreement.version("no_such_package.Adam")


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([witness(1e-13)], None),
        ([witness(1e-12)], None),
        ([witness(1e-15)], None),
        ([witness(2e-12)], "optimizer sgd against plain floats is now off by 1e-11, and 1e-13 stands there"),
        ([], "no test records optimizer sgd against plain floats any more"),
        ([witness(), witness(technique="adam")], "optimizer adam against plain floats is not on it"),
        ([witness(known="a|b")], "another version, number of steps or known disagreement stands there"),
        ([witness(steps=31)], "another version, number of steps or known disagreement stands there"),
    ],
)
def test_what_makes_a_page_stale(now, words):
    kept = agreement.page(agreement.rows([witness()]))
    found = agreement.stale(kept, agreement.rows(now))
    assert found == words or (words and found.startswith(words))


def test_another_version_or_introduction_makes_a_page_stale():
    found = agreement.rows([witness(reference="torch.optim.SGD")])
    older = [row._replace(version="2.0.0") for row in found]
    assert "another version" in agreement.stale(agreement.page(older), found)
    text = agreement.page(found).replace("Python floats", "numpy")
    assert agreement.stale(text, found) == "its introduction or order is another one"
