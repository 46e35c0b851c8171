"""The catalogue finds every technique by its file, describes it truly and refuses what is not there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import shoal.techniques
from shoal import catalogue
from shoal.errors import UserError
from shoal.techniques.contract import protocols

EVERY = [(kind, name) for kind in catalogue.kinds() for name in catalogue.names(kind)]

MINE = '''
"""A rule of my own."""
from typing import NamedTuple
from shoal.techniques.card import Card, Domain

class Hyper(NamedTuple):
    lr: float = 0.1

class State(NamedTuple):
    pass

def init(parameter, hyper):
    return State()

def update(seen, state, parameter, hyper):
    return -hyper.lr * seen.gradient.sign(), state

CARD = Card(summary="step by the sign", paper="none", domain={"lr": Domain(0.0)})
'''


def test_every_file_in_a_kinds_folder_is_found():
    """And every kind's folder: all but ``numerics``, which holds shared mathematics."""
    root = Path(shoal.techniques.__file__).parent
    folders = {folder.name for folder in root.iterdir() if (folder / "__init__.py").exists()}
    assert folders - {f"{kind}s" for kind in catalogue.kinds()} == {"numerics"}
    for kind in catalogue.kinds():
        files = {file.stem for file in (root / f"{kind}s").glob("*.py")} - {"__init__"}
        assert set(catalogue.names(kind)) == files


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_description_read_as_text_equals_the_module(kind, name):
    module = catalogue.find(kind, name)
    (entry,) = [one for one in catalogue.describe(kind) if one["name"] == name]
    card, defaults = module.CARD, module.Hyper._field_defaults
    assert entry["kind"] == kind
    for key in ("summary", "paper", "year", "parent", "scope", "evaluations", "state", "title"):
        assert entry[key] == getattr(card, key)
    for key in ("contains", "needs", "symmetries"):
        assert entry[key] == list(getattr(card, key))
    assert entry["place"] == getattr(module, "PLACE", "")
    assert entry["recipe"] == dict(card.recipe)
    assert list(entry["hyper"]) == list(module.Hyper._fields)
    for field, numbers in entry["hyper"].items():
        bounds = card.ranges.get(field)
        expected = (bounds.low, bounds.high, bounds.log) if bounds else (None, None, False)
        assert numbers["default"] == defaults[field]
        assert (numbers["low"], numbers["high"], numbers["log"]) == expected
        assert numbers["domain"] == str(card.domain[field])


def test_whole_description_is_plain_json():
    everything = catalogue.describe()
    assert json.loads(json.dumps(everything, allow_nan=False)) == everything
    assert [(one["kind"], one["name"]) for one in everything] == EVERY


def test_listing_needs_no_torch():
    code = "import sys; from shoal.catalogue import describe; describe(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_does_not_exist_is_answered_with_what_does_the_nearest_first():
    with pytest.raises(
        UserError, match=r"no optimizer 'admw'; did you mean 'adamw'\? there are: adamw, adam, "
    ):
        catalogue.find("optimizer", "admw")
    for call in (catalogue.names, catalogue.describe, lambda kind: catalogue.find(kind, "adam")):
        with pytest.raises(UserError, match="no kind of technique 'optimiser'; did you mean 'optimizer'"):
            call("optimiser")


def test_hyper_takes_given_values_and_the_other_defaults():
    adam = catalogue.find("optimizer", "adam")
    hyper = catalogue.make_hyper(adam, {"lr": 0.5, "beta1": 0})
    assert hyper == adam.Hyper(lr=0.5, beta1=0.0) and isinstance(hyper.beta1, float)
    assert catalogue.make_hyper(adam, {}) == adam.Hyper()


@pytest.mark.parametrize(
    ("kind", "name", "values", "said"),
    [
        ("optimizer", "adam", {"beta": 0.9}, "no hyperparameter of adam 'beta'; did you mean 'beta"),
        ("optimizer", "adam", {"beta1": 1.0}, r"adam.beta1 is 1, but must lie in \[0, 1\)"),
        ("optimizer", "sgd", {"lr": float("nan")}, r"sgd.lr is nan, but must lie in \(0, inf\)"),
        ("optimizer", "sgd", {"lr": "fast"}, r"sgd.lr is 'fast', but must be a number in \(0, inf\)"),
        ("optimizer", "sgd", {"lr": True}, r"sgd.lr is True, but must be a number in \(0, inf\)"),
        (
            "activation",
            "relu",
            {"slope": 0.1},
            "relu has no hyperparameters, so there is no relu.slope to set",
        ),
    ],
)
def test_wrong_hyperparameter_is_one_clear_sentence(kind, name, values, said):
    with pytest.raises(UserError, match=said):
        catalogue.make_hyper(catalogue.find(kind, name), values)


def test_what_is_switched_on_is_told_by_hyperparameters_and_by_place():
    hyper = ["adam.lr", "swa.start", "l2.coefficient", "ema.decay", "elastic_net.l1_ratio", "relu.slope"]
    assert list(catalogue.switched_on(hyper, "average")) == ["ema", "swa"]
    assert list(catalogue.switched_on(hyper, "loss", "gradient")) == ["elastic_net", "l2"]
    assert catalogue.switched_on(["adam.lr", "l2"], "gradient") == {}
    assert catalogue.switched_on(hyper, "loss")["l2"] is catalogue.find("regularizer", "l2")

    hyper = ["mixup.alpha", "flip.probability", "crop.share", "dropout.rate"]
    assert list(catalogue.switched_on(hyper, "inputs")) == ["crop", "flip"]
    assert list(catalogue.switched_on(hyper, "pairs", "activation")) == ["dropout", "mixup"]


def test_names_and_places_tell_which_kind_is_switched_on():
    named = [name for kind in catalogue.SWITCHED for name in catalogue.names(kind)]
    placed = [place for kind in catalogue.SWITCHED for place in protocols(kind)]
    assert len(set(named)) == len(named) and len(set(placed)) == len(placed)
    assert catalogue.switched_kind("flip") == "augmentation" and catalogue.switched_kind("adam") is None


@pytest.mark.parametrize("kind", catalogue.SWITCHED)
def test_every_place_of_what_is_switched_on_is_taken(kind):
    used = {catalogue.find(kind, name).PLACE for name in catalogue.names(kind)}
    assert used == set(protocols(kind))


def test_no_two_techniques_share_a_name_before_the_dot():
    """A recipe's hyperparameters say whose they are by name alone."""
    taken = [name for kind in catalogue.kinds() for name in catalogue.names(kind)]
    assert len(taken) == len(set(taken))


def test_users_own_file_is_a_technique(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    module = catalogue.find("optimizer", "./mine.py")
    assert module is catalogue.find("optimizer", "./mine.py")
    assert catalogue.make_hyper(module, {"lr": 2}).lr == 2.0
    with pytest.raises(UserError, match=r"mine.lr is -1, but must lie in \[0, inf\)"):
        catalogue.make_hyper(module, {"lr": -1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "mine.py is no Python file; give the name of a built-in optimizer"),
        ("1 / 0", "mine.py raised ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "mine.py raised SystemExit: 0"),
        ("def (", "mine.py raised SyntaxError: "),
        (MINE.replace("def update", "def step"), r"mine.py is no optimizer: the function update\(seen, "),
    ],
)
def test_wrong_file_is_one_clear_sentence(text, said, tmp_path):
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_text(text)
    before = set(sys.modules)
    with pytest.raises(UserError, match=said):
        catalogue.find("optimizer", str(file))
    assert not {name for name in set(sys.modules) - before if name.endswith("mine")}


@pytest.mark.skipif(not catalogue.TIMES.is_file(), reason="benchmarks/optimizer_cost.py has not measured yet")
@pytest.mark.parametrize("kind", catalogue.STEPPED)
def test_every_technique_that_takes_part_in_a_step_has_a_measured_time(kind):
    times = {one["name"]: one["relative_time"] for one in catalogue.describe(kind)}
    assert [name for name, time in times.items() if time is None] == []
    assert set(json.loads(catalogue.TIMES.read_text())[kind]) == set(times)
