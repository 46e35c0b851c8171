"""What moves a member, as an expression: rules one after the other, by parameter role, and in chains.

    sgd>adam@0.3               stages: SGD for the first 30 % of the steps, then Adam
    matrix:lion|bias-norm:sgd|adam    split: each role's own rule; the last, without a role, has the rest
    centralize+adam+cautious   chain: links on the gradient, one rule, links on its change

``>`` binds loosest, then ``|``, then ``+``. A branch for roles has hyperparameters of its own, called after
the roles: "matrix.lion.lr", "bias-norm.sgd.lr"; those of the rest are called as ever: "adam.lr".
"""

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

from shoal import catalogue
from shoal.errors import UserError, unknown
from shoal.techniques.card import ROLES


class Stage(NamedTuple):
    """The rule expression of one stage, and the share of all steps at which the next takes over (1: none)."""

    rule: str
    until: float


class Span(NamedTuple):
    """The steps that a stage moves a member in: from ``first``, counted from 0, to before ``end``."""

    rule: str
    first: int
    end: int


class Use(NamedTuple):
    """A technique at its place in an optimizer. kind: optimizer or link. technique: a name or path. label:
    what its hyperparameters are called by, "adam" or "matrix.adam"."""

    kind: str
    technique: str
    label: str


class Branch(NamedTuple):
    """roles: of the parameters that it moves; empty for all that no other branch names. chain: in order."""

    roles: tuple[str, ...]
    chain: tuple[Use, ...]

    @property
    def rule(self) -> Use:
        """The one rule of the chain."""
        return next(use for use in self.chain if use.kind == "optimizer")


@functools.cache
def stages(optimizer: str) -> tuple[Stage, ...]:
    """The stages of ``"adam"`` (one) or ``"sgd>adam@0.3"``: SGD for the first 30 % of the steps, then Adam.

    Raises UserError where a rule is missing or the shares do not rise inside (0, 1).
    """
    found, begin = [], 0.0
    first, *later = optimizer.split(">")
    rule = first
    for text in later:
        following, _, share = text.rpartition("@")
        try:
            until = float(share)
        except ValueError:
            until = math.nan
        if not rule.strip() or not following.strip() or not begin < until < 1:
            raise UserError(
                f"optimizer {optimizer!r} does not say when {text.strip()!r} takes over; write for example "
                "sgd>adam@0.3 (shares of all steps, rising, between 0 and 1)"
            )
        found.append(Stage(rule.strip(), until))
        rule, begin = following, until
    return (*found, Stage(rule.strip(), 1.0))


@functools.cache
def spans(optimizer: str, total: int) -> tuple[Span, ...]:
    """The stages of ``total`` steps, to whole steps; one whose share holds no step is left out."""
    found, first = [], 0
    for rule, until in stages(optimizer):
        end = round(until * total)
        if end > first:
            found.append(Span(rule, first, end))
            first = end
    return tuple(found)


@functools.cache
def branches(rule: str) -> tuple[Branch, ...]:
    """The branches of one stage: one without roles for ``"adam"`` or ``"centralize+adam"``.

    Raises UserError for roles and techniques that do not exist, a role named twice, a missing rest, and a
    chain that is not links on the gradient, one rule and links on the change.
    """
    parts = [part.strip() for part in rule.split("|")]
    found, named = [], set()
    for number, part in enumerate(parts):
        before, colon, chain = part.partition(":")
        roles = tuple(before.split("-")) if colon and _looks_like_roles(before) else ()
        for role in roles:
            if role not in ROLES:
                raise unknown("role of parameters", role, ROLES)
            if role in named:
                raise UserError(f"optimizer {rule!r} names {role} twice: each role has one rule")
            named.add(role)
        if bool(roles) != (number < len(parts) - 1):
            raise UserError(
                f"optimizer {rule!r} must end with the one rule that has no role and moves the rest; write "
                "for example matrix:lion|adam"
            )
        found.append(Branch(roles, _chain(chain if roles else part, "-".join(roles), rule)))
    return tuple(found)


def dealt(rule: str, roles: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """The parameters that each branch of one stage moves. roles: parameter name → role.

    Raises UserError for a role that none of the parameters has.
    """
    found, left = [], dict(roles)
    for branch in branches(rule):
        for role in branch.roles:
            if role not in roles.values():
                raise UserError(
                    f"optimizer {rule!r} has a rule for {role}, and the network has only parameters of "
                    f"{', '.join(dict.fromkeys(roles.values()))}: leave that branch out"
                )
        names = tuple(name for name, role in left.items() if not branch.roles or role in branch.roles)
        left = {name: role for name, role in left.items() if name not in names}
        found.append(names)
    return tuple(found)


def uses(optimizer: str) -> tuple[Use, ...]:
    """All techniques of an optimizer, each label once, in their order."""
    found = [use for stage in stages(optimizer) for branch in branches(stage.rule) for use in branch.chain]
    return tuple({use.label: use for use in found}.values())


def rules(optimizer: str) -> tuple[str, ...]:
    """The rules of an optimizer, without links, each once, in the order they stand."""
    return tuple(dict.fromkeys(use.technique for use in uses(optimizer) if use.kind == "optimizer"))


def evaluations(rule: str) -> float:
    """Gradient evaluations a step of one stage: one, and what its links and rule need on top."""
    cards = [
        [catalogue.find(use.kind, use.technique).CARD for use in branch.chain] for branch in branches(rule)
    ]
    return max(1.0 + sum(card.evaluations - 1 for card in chain) for chain in cards)


def state(rule: str) -> int:
    """Numbers kept for each parameter in one stage: of the branch that keeps most."""
    return max(
        sum(catalogue.find(use.kind, use.technique).CARD.state for use in branch.chain)
        for branch in branches(rule)
    )


def prefix(technique: str) -> str:
    """What a technique's hyperparameters are called by: its name; "./mine.py" is "mine", "./mine.py:Own" is
    "Own"."""
    return technique.rpartition("/")[2].rpartition(":")[2].removesuffix(".py")


def _looks_like_roles(text: str) -> bool:
    """Whether what stands before a colon is meant for roles: the path of a file is not."""
    return bool(text) and not ("/" in text or text.endswith(".py"))


def _chain(text: str, roles: str, rule: str) -> tuple[Use, ...]:
    found: list[Use] = []
    links = catalogue.names("link")
    for name in (part.strip() for part in text.split("+")):
        own = "/" in name or ".py" in name
        if not own and name not in links and name not in catalogue.names("optimizer"):
            raise unknown("optimizer", name, (*catalogue.names("optimizer"), *links))
        label = f"{roles}.{prefix(name)}" if roles else prefix(name)
        if any(use.label == label for use in found):
            raise UserError(f"optimizer {rule!r} has {name} twice in one chain: once is enough")
        found.append(Use("link" if name in links else "optimizer", name, label))
    _check_order(found, rule)
    return tuple(found)


def _check_order(chain: list[Use], rule: str) -> None:
    moving = [place for place, use in enumerate(chain) if use.kind == "optimizer"]
    if len(moving) != 1:
        names = " and ".join(chain[place].technique for place in moving) or "no rule"
        raise UserError(
            f"optimizer {rule!r} needs one rule in a chain, and has {names}; links are {_listed()}, and > "
            "lets one rule follow another"
        )
    for place, use in enumerate(chain):
        if use.kind == "link":
            acts = catalogue.find("link", use.technique).PLACE
            if (acts == "change") != (place > moving[0]):
                where = "behind" if acts == "change" else "before"
                raise UserError(
                    f"optimizer {rule!r}: link {use.technique} acts on the "
                    f"{'change' if acts == 'change' else 'gradient'}, so it stands {where} the rule"
                )
    if len(chain) > 1 and catalogue.find("optimizer", chain[moving[0]].technique).CARD.scope == "torch":
        raise UserError(
            f"optimizer {rule!r}: a torch.optim.Optimizer class moves the parameters itself, so no link can "
            "stand beside it; write it as a file of functions (docs/add-a-technique.md)"
        )


def _listed() -> str:
    return ", ".join(catalogue.names("link"))
