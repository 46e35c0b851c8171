"""What moves a member, as an expression: stages, splits by role, chains."""

import pytest

from shoal.composition import (
    Branch,
    Span,
    Stage,
    Use,
    branches,
    evaluations,
    rules,
    spans,
    stages,
    state,
    uses,
)
from shoal.errors import UserError


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


def test_a_name_is_one_branch_with_one_rule():
    assert branches("adam") == (Branch((), (Use("optimizer", "adam", "adam"),)),)
    own = branches("./my-rules/mine.py")[0]
    assert own.rule == Use("optimizer", "./my-rules/mine.py", "mine")


def test_a_split_has_hyperparameters_by_role():
    first, second, rest = branches("matrix: centralize+lamb | bias-norm:sgd|adam")
    assert first.roles == ("matrix",) and second.roles == ("bias", "norm") and rest.roles == ()
    assert [use.label for use in first.chain] == ["matrix.centralize", "matrix.lamb"]
    assert second.rule == Use("optimizer", "sgd", "bias-norm.sgd")
    assert [use.label for use in uses("matrix:sgd|adam>matrix:sgd|sgd@0.5")] == ["matrix.sgd", "adam", "sgd"]
    assert rules("matrix:sgd|sam+adam>sgd@0.5") == ("sgd", "adam")


def test_costs_are_those_of_all_that_is_put_together():
    assert evaluations("adam") == 1 and state("adam") == 2
    assert evaluations("sam+adam+lookahead") == 2 and state("adam+lookahead") == 3
    assert evaluations("matrix:sam+sgd|adam") == 2 and state("matrix:sgd|adam") == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("centralise+adam", "there is no optimizer 'centralise'.*centralize"),
        ("adam+sgd", "needs one rule in a chain, and has adam and sgd"),
        ("centralize", "has no rule"),
        ("adam+centralize", "centralize acts on the gradient, so it stands before the rule"),
        ("cautious+adam", "cautious acts on the change, so it stands behind the rule"),
        ("adam+lookahead+lookahead", "lookahead twice"),
        ("matrices:sgd|adam", "there is no role of parameters 'matrices'.*matrix"),
        ("matrix:sgd|matrix:adam|sgd", "names matrix twice"),
        ("matrix:sgd|bias:adam", "must end with the one rule that has no role"),
        ("adam|matrix:sgd", "must end with the one rule that has no role"),
        ("", "there is no optimizer ''"),
    ],
)
def test_what_cannot_be_put_together_is_said(wrong, said):
    with pytest.raises(UserError, match=said):
        branches(wrong)
