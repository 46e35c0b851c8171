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
WEIGHTS = ("matrix", "head", "embedding")
"""The roles of weights; "bias", "norm" (a normalization's scale and shift) and "activation" are none."""


class Seen(NamedTuple):
    """What an optimizer is shown at a step: gradient [*shape], loss [], noise key [] (int64)."""

    gradient: Tensor
    loss: Tensor
    key: Tensor


class Optimizer(Protocol):
    """``update`` returns the change to add to the parameter; it never mutates what it is given.

    A rule may also have ``read(state, parameter, hyper)``: the weights [*shape] that are evaluated in place
    of those that are trained (schedule-free methods), a pure function of the state.
    """

    CARD: Card
    Hyper: Any
    State: Any

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def update(self, seen: Seen, state: Any, parameter: Tensor, hyper: Any) -> tuple[Tensor, Any]: ...


class GradientLink(Protocol):
    """PLACE = "gradient": stands before a rule in a chain, and gives it another gradient [*shape].

    Links see what a rule sees, by ``CARD.scope`` one flat vector or each parameter in its own shape.
    """

    CARD: Card
    Hyper: Any
    State: Any
    PLACE: str

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def apply(self, seen: Seen, state: Any, parameter: Tensor, hyper: Any) -> tuple[Tensor, Any]: ...


class ChangeLink(Protocol):
    """PLACE = "change": stands behind a rule in a chain, and gives another ``change`` [*shape] than the
    rule's. ``seen.gradient`` is the gradient that the rule was given, ``parameter`` is before the change."""

    CARD: Card
    Hyper: Any
    State: Any
    PLACE: str

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def apply(
        self, seen: Seen, change: Tensor, state: Any, parameter: Tensor, hyper: Any
    ) -> tuple[Tensor, Any]: ...


class PointLink(Protocol):
    """PLACE = "point": stands before a rule in a chain, which is given the gradient at another point.

    ``probe`` is shown the gradient at the parameter; ``look`` then says where, on the same batch and with the
    same noise, the gradient is taken that the chain goes on with. Costs one more evaluation.
    """

    CARD: Card
    Hyper: Any
    State: Any
    PLACE: str

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def probe(self, seen: Seen, state: Any, parameter: Tensor, hyper: Any) -> Any: ...
    def look(self, state: Any, parameter: Tensor, hyper: Any) -> Tensor: ...


class Schedule(Protocol):
    """``value`` is the multiplier of lr at ``progress`` in [0, 1] (steps done over all steps)."""

    CARD: Card
    Hyper: Any

    def value(self, progress: Scalar, hyper: Any) -> Tensor: ...


class Initializer(Protocol):
    """``draw`` gives a weight of ``shape`` (out, in, *kernel).

    An initializer may also have ``draw_bias(shape, fan_in, generator, hyper)``, else biases start at 0;
    ``draw_head(shape, generator, hyper)`` for the last linear map, else it is drawn like the others;
    ``calibrate(weight, output, hyper)``, the weight to start from in place of the one that was drawn, which
    gives ``output`` [rows, out, *] on a first batch of training rows, asked layer after layer, each behind
    those that are calibrated; and ``first_scale(hyper)`` [1]: then a network's residual branches are
    multiplied by scales that it learns, and that start there.
    """

    CARD: Card
    Hyper: Any

    def draw(self, shape: tuple[int, ...], generator: torch.Generator, hyper: Any) -> Tensor: ...


class Activation(Protocol):
    """``apply`` maps [*shape] to [*shape], element by element."""

    CARD: Card
    Hyper: Any

    def apply(self, x: Tensor, hyper: Any) -> Tensor: ...


class LearnedActivation(Protocol):
    """PLACE = "learned": an activation with a parameter [1] that the network learns in each layer.

    ``init`` gives its first value, [1] float32; ``apply`` maps [*shape] to [*shape], element by element.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def init(self, hyper: Any) -> Tensor: ...
    def apply(self, x: Tensor, parameter: Tensor, hyper: Any) -> Tensor: ...


class GatedActivation(Protocol):
    """PLACE = "gated": an activation of two maps of a layer's input, ``x`` and ``gate``, both [*shape].

    The linear map or convolution before it has twice the outputs: the first half of the channels is ``x``,
    the second ``gate``. ``apply`` gives [*shape], element by element.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, x: Tensor, gate: Tensor, hyper: Any) -> Tensor: ...


class Normalization(Protocol):
    """``init`` makes the running state for [channels]; ``apply`` normalizes x [rows, channels, *].

    Channels must not see each other: narrow networks are padded with channels of zeros. ``weight`` [rows]
    counts a row 1 or, where a batch is short, 0; ``training`` is a static choice.
    Returns the normalized x (without scale and shift, which are parameters of the network) and the state.

    One may also have ``scaled``, with scale and shift [channels] behind ``training``: both steps in fewer
    passes, which images are normalized by.
    """

    CARD: Card
    Hyper: Any
    State: Any

    def init(self, channels: int) -> Any: ...
    def apply(
        self, x: Tensor, state: Any, weight: Tensor, hyper: Any, training: bool
    ) -> tuple[Tensor, Any]: ...


class RowNormalization(Protocol):
    """PLACE = "row": ``apply`` normalizes each row of x [rows, channels, *] by itself, over its channels.

    SHIFT: whether the network learns a shift for each channel beside the scale.
    """

    CARD: Card
    Hyper: Any
    PLACE: str
    SHIFT: bool

    def apply(self, x: Tensor, hyper: Any) -> Tensor: ...


class WeightNormalization(Protocol):
    """PLACE = "weight": hidden layers' weights are made of a direction and, for each output unit, a length.

    ``apply`` gives the weight [outputs, *inputs] from the direction, of its shape, and length [outputs], both
    parameters of the network; ``init`` the first length, from the direction that was drawn. Directions and
    lengths of zero, as narrow networks are padded with, must give weights and gradients of zero.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def init(self, direction: Tensor, hyper: Any) -> Tensor: ...
    def apply(self, direction: Tensor, length: Tensor, hyper: Any) -> Tensor: ...


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


class BranchRegularizer(Protocol):
    """PLACE = "branch": ``apply`` changes a residual branch [rows, *] during training with noise from key.

    ``share`` is how deep the branch stands among the network's branches, in (0, 1], 1 for the last.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, branch: Tensor, key: Tensor, share: float, hyper: Any) -> Tensor: ...


class OutputRegularizer(Protocol):
    """PLACE = "output": ``penalty`` of logits [rows, classes], to add to each row's loss [rows]."""

    CARD: Card
    Hyper: Any
    PLACE: str

    def penalty(self, output: Tensor, hyper: Any) -> Tensor: ...


class TargetRegularizer(Protocol):
    """PLACE = "target": ``apply`` changes the probabilities [rows, classes] that training aims at."""

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, target: Tensor, hyper: Any) -> Tensor: ...


class WeightsRegularizer(Protocol):
    """PLACE = "weights": ``apply`` gives what the forward pass sees of a parameter [*shape] in training.

    ``role`` is the parameter's, ``key`` [] (int64) its noise key at this step.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, parameter: Tensor, role: str, key: Tensor, hyper: Any) -> Tensor: ...


class GradientRegularizer(Protocol):
    """PLACE = "gradient": ``apply`` changes the gradient before the rule, all parameters as one vector.

    ``key`` [] (int64) is its noise key at this step, ``step`` [] how many steps are done so far, in the
    gradient's float type.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def apply(self, gradient: Tensor, key: Tensor, step: Tensor, hyper: Any) -> Tensor: ...


class ChangeRegularizer(Protocol):
    """PLACE = "change": ``project`` moves one parameter [*shape] with its role after the rule's change.

    A parameter of a role that it leaves alone is returned itself, not as a copy.
    """

    CARD: Card
    Hyper: Any
    PLACE: str

    def project(self, parameter: Tensor, role: str, hyper: Any) -> Tensor: ...


class AverageRegularizer(Protocol):
    """PLACE = "average": weights that are evaluated in place of those that are trained.

    Parameters come as one vector, with the network's running statistics behind them. ``observe`` sees them
    after each step, ``progress`` [] being the share of all steps done by then, in (0, 1]; ``read`` gives what
    is evaluated, a pure function of the state.
    """

    CARD: Card
    Hyper: Any
    State: Any
    PLACE: str

    def init(self, parameter: Tensor, hyper: Any) -> Any: ...
    def observe(self, state: Any, parameter: Tensor, progress: Tensor, hyper: Any) -> Any: ...
    def read(self, state: Any, parameter: Tensor, hyper: Any) -> Tensor: ...


class InputsAugmentation(Protocol):
    """PLACE = "inputs": ``apply`` changes the inputs [rows, *features] during training with noise from key.

    INPUTS: what it is for, "image" (x is [rows, channels, height, width]), "tokens" (x is [rows, length],
    whole numbers, of which 0 fills short rows up and 1 is unknown) or "numbers" (all else, and images).
    """

    CARD: Card
    Hyper: Any
    PLACE: str
    INPUTS: str

    def apply(self, x: Tensor, key: Tensor, hyper: Any) -> Tensor: ...


class PairsAugmentation(Protocol):
    """PLACE = "pairs": ``apply`` mixes rows of a batch, and in the same way what they aim at.

    ``target`` [rows, outputs] holds probabilities of classes, or a regression's numbers. INPUTS as above.
    """

    CARD: Card
    Hyper: Any
    PLACE: str
    INPUTS: str

    def apply(self, x: Tensor, target: Tensor, key: Tensor, hyper: Any) -> tuple[Tensor, Tensor]: ...


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
