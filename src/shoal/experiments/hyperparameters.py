"""Hyperparameters under the names recipes give them, "technique.hyper", and what their cards say of them."""

from dataclasses import fields
from typing import NamedTuple

from shoal import catalogue
from shoal.composition import Use, prefix, uses
from shoal.errors import UserError, unknown
from shoal.population.recipe import Recipe
from shoal.techniques.card import Card, Domain, Range

WEIGHT_PENALTY = "l2"
"""The regularizer that is tuned in every arm whose optimizer has no weight decay of its own."""


class Hyperparameter(NamedTuple):
    """One number of a technique that a recipe uses."""

    use: Use
    name: str

    @property
    def key(self) -> str:
        """Its name in ``Recipe.hyper``: "adam.lr", or "matrix.adam.lr" of a rule for matrices."""
        return f"{self.use.label}.{self.name}"

    @property
    def default(self) -> float:
        """The technique's default."""
        return float(getattr(catalogue.find(self.use.kind, self.use.technique).Hyper(), self.name))

    @property
    def domain(self) -> Domain:
        """Where a value is legal."""
        return card(self.use.kind, self.use.technique).domain.get(self.name, Domain())

    @property
    def range(self) -> Range | None:
        """Where search starts; None where the card names none."""
        return card(self.use.kind, self.use.technique).ranges.get(self.name)


def card(kind: str, technique: str) -> Card:
    """The card of a technique, given by name or path."""
    found: Card = catalogue.find(kind, technique).CARD
    return found


def kinds() -> tuple[str, ...]:
    """The kinds of technique that are fields of a recipe, in the recipe's order."""
    return tuple(one.name for one in fields(Recipe) if one.name in catalogue.kinds())


def switched(name: str) -> Use:
    """An augmentation or regularizer as a recipe uses it."""
    kind = catalogue.switched_kind(name)
    assert kind is not None
    return Use(kind, name, name)


def of(*each: Use) -> tuple[Hyperparameter, ...]:
    """All hyperparameters of techniques, in their order."""
    return tuple(
        Hyperparameter(use, name)
        for use in each
        for name in catalogue.find(use.kind, use.technique).Hyper._fields
    )


def used(recipe: Recipe) -> list[Use]:
    """The techniques a recipe uses: its optimizer's rules and links, the other kinds, what is switched on."""
    found = list(uses(recipe.optimizer))
    for kind in kinds():
        technique = getattr(recipe, kind)
        if kind != "optimizer" and technique not in ("none", "own"):
            found.append(Use(kind, technique, prefix(technique)))
    return found + [switched(name) for name in switched_on(recipe)]


def switched_on(recipe: Recipe, *kinds: str) -> tuple[str, ...]:
    """What is on of augmentations and regularizers (or of ``kinds``): with a number in ``recipe.hyper``."""
    set_ = {name.rpartition(".")[0] for name in recipe.hyper}
    known = (name for kind in kinds or catalogue.SWITCHED for name in catalogue.names(kind))
    return tuple(name for name in known if name in set_)


def find(name: str, recipe: Recipe) -> Hyperparameter:
    """The hyperparameter called ``"technique.hyper"``, or ``"lr"`` (the optimizer's), on this recipe.

    In an optimizer that is split by role, a branch's are called after its roles: ``"matrix.lion.lr"``. An
    augmentation or regularizer that is off is found as well: setting its number turns it on. Raises UserError
    for another technique that the recipe does not use, saying how to choose it, and for what does not exist.
    """
    if name == "lr":
        return _lr(recipe)
    technique, _, hyper = name.rpartition(".")
    known = {use.label: use for use in reversed(used(recipe))}
    if technique in known:
        return _named(known[technique], hyper)
    if catalogue.switched_kind(technique):
        return _named(switched(technique), hyper)
    elsewhere = any(label.endswith(f".{technique}") for label in known)
    for kind in () if elsewhere else kinds():
        if technique in catalogue.names(kind):
            raise UserError(
                f"{name} needs {kind} {technique}, but the recipe has {getattr(recipe, kind)}; "
                f"choose {kind}={technique} for it"
            )
    if technique in catalogue.names("link") and not elsewhere:
        raise UserError(
            f"{name} needs link {technique} in the optimizer, but the recipe has {recipe.optimizer}; "
            f"choose for example optimizer={chained(technique)}"
        )
    others = (name for kind in catalogue.SWITCHED for name in catalogue.names(kind))
    raise unknown("technique", technique, {*known, *others})


def chained(link: str) -> str:
    """The default optimizer with a link at its place."""
    behind = catalogue.find("link", link).PLACE == "change"
    return f"{Recipe.optimizer}+{link}" if behind else f"{link}+{Recipe.optimizer}"


def rates(recipe: Recipe) -> tuple[Hyperparameter, ...]:
    """The learning rates of the recipe's rules, in their order."""
    return tuple(one for one in of(*uses(recipe.optimizer)) if one.name == "lr")


def _lr(recipe: Recipe) -> Hyperparameter:
    found = rates(recipe)
    if not found:
        raise UserError(f"optimizer {recipe.optimizer} has no lr")
    if len(found) > 1:
        keys = " or ".join(one.key for one in found)
        raise UserError(f"optimizer {recipe.optimizer} has an lr for each rule; write {keys}")
    return found[0]


def _named(use: Use, hyper: str) -> Hyperparameter:
    found = {one.name: one for one in of(use)}
    if not found:
        raise UserError(f"{use.label} has no hyperparameters, so there is no {use.label}.{hyper}")
    if hyper not in found:
        raise unknown(f"hyperparameter of {use.label}", hyper, found)
    return found[hyper]
