"""What can imitate what: rules by their cards, chains by idle links, splits by all branches."""

import pytest

from shoal.experiments.imitation import contained, imitates
from shoal.population.recipe import Recipe


def test_containment_of_rules_is_transitive():
    assert {"sgd", "momentum", "adam"} <= contained("adamw")
    assert contained("sgd") == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("adam+lookahead", "adam"),
        ("adam+lookahead", "sgd+lookahead"),
        ("sam+adam+top_gradients", "sam+momentum"),
        ("matrix:adamw|adam", "adam"),
        ("matrix:adam|adam", "adam"),
        ("matrix:sam+adam|adam", "momentum"),
    ],
)
def test_idle_links_and_equal_branches_imitate(one, other):
    assert imitates(Recipe(optimizer=one), Recipe(optimizer=other))
    assert not imitates(Recipe(optimizer=other), Recipe(optimizer=one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("adamw>sgd@0.5", "sgd"),  # state begins anew at a switch
        ("adam+cautious", "adam"),  # no eps makes it nothing
        ("centralize+adam", "adam"),
        ("matrix:sgd|adam", "adam"),
        ("matrix:prodigy|prodigy", "prodigy"),  # one distance for each branch
        ("matrix:sam+adam|sam+adam", "sam+adam"),  # one norm for each branch
        ("adam", "adam"),
    ],
)
def test_what_is_no_special_case_is_not_imitated(one, other):
    assert other not in contained(one)
    assert not imitates(Recipe(optimizer=one), Recipe(optimizer=other))


def test_all_else_must_be_equal():
    assert not imitates(Recipe(optimizer="adam+lookahead", width=32), Recipe(optimizer="adam"))
