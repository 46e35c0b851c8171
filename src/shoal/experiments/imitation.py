"""Which optimizers can do exactly what another does, so that losing to it means they were not tuned well."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from shoal.composition import Branch, Use, branches, stages
from shoal.experiments.hyperparameters import card
from shoal.population.recipe import Recipe


def imitates(one: Recipe, other: Recipe) -> bool:
    """Whether a choice of hyperparameters makes ``one``'s optimizer that of ``other``, all else equal."""
    same = replace(one, optimizer=other.optimizer, batch_size=other.batch_size, hyper=other.hyper)
    return same == other and other.optimizer in contained(one.optimizer)


def contained(optimizer: str) -> frozenset[str]:
    """The optimizers that this one can imitate.

    A rule those on its card and on the cards of those; a chain what is left when links that can be idle are,
    with its rule or one that this imitates; a split what every branch can imitate, unless that looks at
    parameters of several roles together. A switch imitates none: the rule that takes over begins anew.
    """
    if len(stages(optimizer)) > 1:
        return frozenset()
    each = branches(optimizer)
    found = frozenset.intersection(*(frozenset(_chains(branch)) for branch in each))
    if len(each) > 1:
        found = frozenset(one for one in found if not _sees_the_member(one))
    return found - {optimizer}


def _chains(branch: Branch) -> Iterator[str]:
    """The chains that a branch can be, the one that it is among them."""
    for chosen in itertools.product(*(_choices(use) for use in branch.chain)):
        yield "+".join(name for name in chosen if name)


def _choices(use: Use) -> set[str]:
    """What a technique can do in its place; "" is nothing."""
    own = card(use.kind, use.technique)
    if use.kind == "link":
        return {use.technique, ""} if own.idle else {use.technique}
    found, left = {use.technique}, list(own.contains)
    while left:
        rule = left.pop()
        if rule not in found:
            found.add(rule)
            left += card("optimizer", rule).contains
    return found


def _sees_the_member(chain: str) -> bool:
    (branch,) = branches(chain)
    return any(card(use.kind, use.technique).scope == "member" for use in branch.chain)
