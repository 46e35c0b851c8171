"""What a technique says of itself: the one source of its numbers.

Docs tables, command-line lists, search ranges and tests all read these cards; nothing else states them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Range:
    """Where the search for a hyperparameter starts; it may be extended up to the domain."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Domain:
    """Where a value is legal; outside it is an error. ``open_low`` excludes the lower end itself.

    Only finite values are legal, so an infinite end is always open.
    """

    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def contains(self, value: float) -> bool:
        """Whether ``value`` is legal; NaN and the infinities never are."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return math.isfinite(value) and above and below

    def __str__(self) -> str:
        left = "(" if self.open_low or math.isinf(self.low) else "["
        right = ")" if self.open_high or math.isinf(self.high) else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"


ROLES = ("matrix", "bias", "norm", "embedding", "head", "activation")
"""What a network's parameters are for; "head" is its last matrix."""

SYMMETRIES = {
    "scale": "a loss times a positive number gives the same steps, but for eps",
    "sign": "turning the sign of coordinates turns that of their steps",
    "permutation": "the order of coordinates (of a matrix: of its rows, of its columns) does not matter",
    "rotation": "rotating all coordinates together rotates the steps",
}
"""What ``Card.symmetries`` may hold, in words.

Each is meant of whole walks, from any start, whatever the gradients, at default hyperparameters. Coordinates
are those of parameters and gradients alike. A "tensor" rule sees them of one parameter, others of a member.
"""


@dataclass(frozen=True)
class Card:
    """A technique's self-description.

    title: how the literature writes its name; of an optimizer or link also its class in ``shoal.optim``.
    summary: one line, no capital, no full stop. paper: authors, year, arXiv number or venue.
    year: of the paper's first publication; 0 is unknown, which only a user's own file may say.
    parent: the technique of the same kind from which this one descends; "" for a root.
    ranges: hyperparameter → where search starts. domain: hyperparameter → where a value is legal.
    needs: what ``seen`` must hold beyond gradient, loss and noise key.
    scope: "element" and "member" rules see one member's flat vector of all parameters,
    "tensor" rules each parameter in its own shape; a "torch" rule is a user's torch.optim.Optimizer class.
    contains: names of rules that this one can imitate by a choice of its hyperparameters; losing to one
    of them is reported "under-tuned", not "worse".
    idle: of a link, hyperparameters with which it does nothing; empty where there are none.
    symmetries: what an optimizer's steps go along with, see ``SYMMETRIES``.
    recipe: recipe fields the technique fixes (gradient descent is SGD with ``batch_size="all"``).
    evaluations: gradient evaluations a step. state: numbers kept for each parameter.
    torch: what does the same in plain torch, as code of a training loop that has ``model``, ``optimizer``,
    ``loss`` and, for initializers, ``layer``; {name} stands for a hyperparameter, {steps} for the steps of
    the training, {lr} for the learning rate, {channels} for a layer's. "" where torch has no such thing.
    """

    summary: str
    paper: str
    year: int = 0
    parent: str = ""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    domain: Mapping[str, Domain] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    scope: Literal["element", "tensor", "member", "torch"] = "element"
    contains: tuple[str, ...] = ()
    recipe: Mapping[str, object] = field(default_factory=dict)
    evaluations: float = 1.0
    state: int = 0
    torch: str = ""
    title: str = ""
    symmetries: tuple[str, ...] = ()
    idle: Mapping[str, float] = field(default_factory=dict)
