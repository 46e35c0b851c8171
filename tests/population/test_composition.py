"""Recipes: an optimizer of several stages."""

import pytest

from shoal.errors import UserError
from shoal.population.composition import Span, Stage, rules, spans, stages


def test_one_rule_is_one_stage():
    assert stages("adam") == (Stage("adam", 1.0),)
    assert stages("./mine.py:Lion") == (Stage("./mine.py:Lion", 1.0),)


def test_rules_take_over_at_shares_of_all_steps():
    assert stages("sgd > adam@0.3>adamw@0.8") == (Stage("sgd", 0.3), Stage("adam", 0.8), Stage("adamw", 1.0))


def test_stages_have_whole_steps():
    assert spans("adam", 7) == (Span("adam", 0, 7),)
    assert spans("sgd>adam@0.3>sgd@0.5", 10) == (Span("sgd", 0, 3), Span("adam", 3, 5), Span("sgd", 5, 10))
    assert spans("sgd>adam@0.3", 1) == (Span("adam", 0, 1),), "a share without a step is left out"
    assert rules("sgd>adam@0.3>sgd@0.5") == ("sgd", "adam")


@pytest.mark.parametrize(
    "wrong", ["sgd>adam", "sgd>adam@1", "sgd>adam@0", ">adam@0.5", "sgd>@0.5", "a>b@0.5>c@0.4"]
)
def test_a_stage_says_when_it_begins(wrong):
    with pytest.raises(UserError, match="takes over"):
        stages(wrong)
