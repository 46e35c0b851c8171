"""The kinds of technique, each as the functions a file of that kind holds.

A module is the implementation: a type checker accepts a module where one of these protocols is asked.
All functions are written for ONE member and never mention the member axis; the engine adds it. Every
hyperparameter may be a number or a 0-dimensional tensor, so no function may branch on one in Python.
"""

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from shoal.techniques.card import Card

Scalar = float | Tensor


class Seen(NamedTuple):
    """What an optimizer is shown at a step: gradient [*shape], loss [], noise key [] (int64)."""

    gradient: Tensor
    loss: Tensor
    key: Tensor


class Optimizer(Protocol):
    """``update`` returns the change to add to the parameter; it never mutates what it is given."""

    CARD: Card
    Hyper: Any
    State: Any

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def update(self, seen: Seen, state: Any, parameter: Tensor, hyper: Any) -> tuple[Tensor, Any]: ...


class Schedule(Protocol):
    """``value`` is the multiplier of lr at ``progress`` in [0, 1] (steps done over all steps)."""

    CARD: Card
    Hyper: Any

    def value(self, progress: Scalar, hyper: Any) -> Tensor: ...


class Initializer(Protocol):
    """``draw`` gives a weight of ``shape`` (out, in, *kernel); ``draw_bias`` a bias, zeros if absent."""

    CARD: Card
    Hyper: Any

    def draw(self, shape: tuple[int, ...], generator: torch.Generator, hyper: Any) -> Tensor: ...


class Activation(Protocol):
    """``apply`` maps [*shape] to [*shape], element by element."""

    CARD: Card
    Hyper: Any

    def apply(self, x: Tensor, hyper: Any) -> Tensor: ...


class Normalization(Protocol):
    """``init`` makes the running state for [channels]; ``apply`` normalizes x [rows, channels, *].

    ``weight`` [rows] counts a row 1 or, where a batch is short, 0; ``training`` is a static choice.
    Returns the normalized x (without scale and shift, which are parameters of the network) and the state.
    """

    CARD: Card
    Hyper: Any
    State: Any

    def init(self, channels: int) -> Any: ...
    def apply(
        self, x: Tensor, state: Any, weight: Tensor, hyper: Any, training: bool
    ) -> tuple[Tensor, Any]: ...


class LossRegularizer(Protocol):
    """PLACE = "loss": ``penalty`` of one parameter [*shape] with its role, to add to the loss, []."""

    CARD: Card
    Hyper: Any
    PLACE: str

    def penalty(self, parameter: Tensor, role: str, hyper: Any) -> Tensor: ...


class ActivationRegularizer(Protocol):
    """PLACE = "activation": ``apply`` changes activations [*shape] during training with noise from key."""

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, x: Tensor, key: Tensor, hyper: Any) -> Tensor: ...


class Decision(NamedTuple):
    """What a controller decides: lr multiplier, stop now (bool tensor), keep these weights (bool tensor)."""

    lr_scale: Tensor
    stop: Tensor
    keep: Tensor


class Controller(Protocol):
    """``observe`` sees a validation loss [] (lower is better) and decides."""

    CARD: Card
    Hyper: Any
    State: Any

    def init(self, hyper: Any) -> Any: ...
    def observe(self, state: Any, score: Tensor, hyper: Any) -> tuple[Any, Decision]: ...
