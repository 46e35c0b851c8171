"""The contract names the first part that a file lacks; whole files are asked in test_every_technique.py."""

import types

import pytest

from shoal import catalogue
from shoal.techniques.contract import breach, protocols

RULE = """
from typing import NamedTuple
from shoal.techniques.card import Card, Domain, Range

class Hyper(NamedTuple):
    lr: float = 0.1

class State(NamedTuple):
    pass

def init(parameter, hyper):
    return State()

def update(seen, state, parameter, hyper):
    return -hyper.lr * seen.gradient, state

CARD = Card(summary="", paper="", ranges={"lr": Range(1e-3, 1.0, log=True)}, domain={"lr": Domain(0.0, 1.0)})
"""


def module_of(text):
    module = types.ModuleType("mine")
    exec(text, vars(module))
    return module


def test_whole_file_is_accepted():
    assert breach(module_of(RULE), "optimizer") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("CARD =", "OTHER =", "CARD, a shoal.techniques.card.Card, is missing"),
        ("CARD = Card(", "CARD = dict(", "CARD, a shoal.techniques.card.Card, is missing"),
        ("class Hyper", "class Other", "Hyper, a typing.NamedTuple, is missing"),
        ("class Hyper(NamedTuple)", "class Hyper", "Hyper, a typing.NamedTuple, is missing"),
        ("lr: float = 0.1", "lr: float", "Hyper.lr has no default"),
        ("class State", "class Memory", "State, a typing.NamedTuple, is missing"),
        ("def init", "def start", "the function init(parameter, hyper) is missing"),
        (
            "update(seen, state,",
            "update(state, seen,",
            "must have the form update(seen, state, parameter, hyper)",
        ),
        ("lr: float = 0.1", "lr: float = 1.1", "the default of lr, 1.1, is outside its domain [0, 1]"),
        ("lr: float = 0.1", "lr: str = 'fast'", "the default of lr, 'fast', is not a number"),
        ("lr: float = 0.1", "lr: float = 0.1\n    mu: float = 0.9", "does not say where 'mu' is legal"),
        ('domain={"lr"', 'domain={"rl"', "CARD speaks of 'rl', which is no field of Hyper"),
        ("1e-3, 1.0,", "1e-3, 2.0,", "the range of lr, 0.001 to 2, is not inside its domain [0, 1]"),
        ("1e-3, 1.0,", "1.0, 1e-3,", "the range of lr, 1 to 0.001, is empty"),
        ('paper=""', 'paper="", year=1599', "CARD.year, 1599, is neither between 1600 and today nor 0"),
        ('paper=""', 'paper="", year=9999', "CARD.year, 9999, is neither between 1600 and today nor 0"),
        ('paper=""', 'paper="", year="1951"', "CARD.year, '1951', is no whole number"),
        ('paper=""', 'paper="", year=True', "CARD.year, True, is no whole number"),
        ('paper=""', 'paper="", parent=None', "CARD.parent, None, is no name of a technique"),
        ("1e-3, 1.0,", "0.0, 1.0,", "the range of lr, 0 to 1, is logarithmic and must start above 0"),
    ],
)
def test_first_missing_part_is_named(old, new, said):
    assert old in RULE
    assert said in breach(module_of(RULE.replace(old, new)), "optimizer")


def test_place_decides_what_a_regularizer_must_hold():
    l2 = catalogue.find("regularizer", "l2")
    assert breach(l2, "regularizer") is None
    without, elsewhere = types.ModuleType("without"), types.ModuleType("elsewhere")
    vars(without).update({name: value for name, value in vars(l2).items() if name != "PLACE"})
    vars(elsewhere).update({**vars(l2), "PLACE": "activation"})
    places = ", ".join(map(repr, sorted(protocols("regularizer"))))
    assert breach(without, "regularizer") == f"PLACE must be one of {places}"
    assert breach(elsewhere, "regularizer") == "the function apply(x, key, hyper) is missing"


def test_a_normalization_by_row_says_whether_a_shift_follows():
    rows = catalogue.find("normalization", "layer_norm")
    assert breach(rows, "normalization") is None
    silent = types.ModuleType("silent")
    vars(silent).update({name: value for name, value in vars(rows).items() if name != "SHIFT"})
    assert breach(silent, "normalization") == "SHIFT, True or False, is missing"


def test_every_kind_has_a_protocol():
    for kind in catalogue.kinds():
        assert protocols(kind)
