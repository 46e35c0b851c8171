"""Hyperparameters under the names recipes give them, "technique.hyper", and what their cards say of them."""

from dataclasses import fields
from typing import Any, NamedTuple

from shoal import catalogue
from shoal.errors import UserError, unknown
from shoal.population.composition import prefix, rules
from shoal.population.recipe import Recipe
from shoal.techniques.card import Card, Domain, Range

WEIGHT_PENALTY = "l2"
"""The regularizer that is tuned in every arm whose optimizer has no weight decay of its own."""


class Hyperparameter(NamedTuple):
    """One number of a technique. technique: as the recipe names it, a name or a path."""

    kind: str
    technique: str
    name: str

    @property
    def key(self) -> str:
        """Its name in ``Recipe.hyper``."""
        return f"{prefix(self.technique)}.{self.name}"

    @property
    def default(self) -> float:
        """The technique's default."""
        return float(getattr(catalogue.find(self.kind, self.technique).Hyper(), self.name))

    @property
    def domain(self) -> Domain:
        """Where a value is legal."""
        return card(self.kind, self.technique).domain.get(self.name, Domain())

    @property
    def range(self) -> Range | None:
        """Where search starts; None where the card names none."""
        return card(self.kind, self.technique).ranges.get(self.name)


def card(kind: str, technique: str) -> Card:
    """The card of a technique, given by name or path."""
    found: Card = catalogue.find(kind, technique).CARD
    return found


def kinds() -> tuple[str, ...]:
    """The kinds of technique that are fields of a recipe, in the recipe's order."""
    return tuple(one.name for one in fields(Recipe) if one.name in catalogue.kinds())


def of(kind: str, technique: str) -> tuple[Hyperparameter, ...]:
    """All hyperparameters of a technique."""
    names: Any = catalogue.find(kind, technique).Hyper._fields
    return tuple(Hyperparameter(kind, technique, name) for name in names)


def used(recipe: Recipe) -> list[tuple[str, str]]:
    """The techniques a recipe uses as (kind, technique), its regularizers last."""
    found = [("optimizer", rule) for rule in rules(recipe.optimizer)]
    for kind in kinds():
        technique = getattr(recipe, kind)
        if kind != "optimizer" and technique not in ("none", "own"):
            found.append((kind, technique))
    return found + [("regularizer", name) for name in regularizers(recipe)]


def regularizers(recipe: Recipe) -> tuple[str, ...]:
    """The regularizers that are on: those with a hyperparameter in ``recipe.hyper``."""
    set_ = {name.rpartition(".")[0] for name in recipe.hyper}
    return tuple(name for name in catalogue.names("regularizer") if name in set_)


def find(name: str, recipe: Recipe) -> Hyperparameter:
    """The hyperparameter called ``"technique.hyper"``, or ``"lr"`` (the optimizer's), on this recipe.

    A regularizer that is off is found as well: setting its hyperparameter turns it on. Raises UserError for
    another technique that the recipe does not use, saying how to choose it, and for what does not exist.
    """
    if name == "lr":
        return _lr(recipe)
    technique, _, hyper = name.rpartition(".")
    known = {prefix(each): (kind, each) for kind, each in reversed(used(recipe))}
    if technique in known:
        return _named(*known[technique], hyper)
    if technique in catalogue.names("regularizer"):
        return _named("regularizer", technique, hyper)
    for kind in kinds():
        if technique in catalogue.names(kind):
            raise UserError(
                f"{name} needs {kind} {technique}, but the recipe has {getattr(recipe, kind)}; "
                f"choose {kind}={technique} for it"
            )
    raise unknown("technique", technique, {*known, *catalogue.names("regularizer")})


def rates(recipe: Recipe) -> tuple[Hyperparameter, ...]:
    """The learning rates of the recipe's rules, in their order."""
    return tuple(one for rule in rules(recipe.optimizer) for one in of("optimizer", rule) if one.name == "lr")


def _lr(recipe: Recipe) -> Hyperparameter:
    found = rates(recipe)
    if not found:
        raise UserError(f"optimizer {recipe.optimizer} has no lr")
    if len(found) > 1:
        keys = " or ".join(one.key for one in found)
        raise UserError(f"optimizer {recipe.optimizer} has an lr for each rule; write {keys}")
    return found[0]


def _named(kind: str, technique: str, hyper: str) -> Hyperparameter:
    found = {one.name: one for one in of(kind, technique)}
    if not found:
        label = prefix(technique)
        raise UserError(f"{label} has no hyperparameters, so there is no {label}.{hyper}")
    if hyper not in found:
        raise unknown(f"hyperparameter of {prefix(technique)}", hyper, found)
    return found[hyper]
