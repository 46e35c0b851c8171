"""Layers that bring techniques into a network: activation, dropout, normalization."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shoal.networks.forward import Forward, current, turn
from shoal.techniques.numerics.counter_noise import fold


def hyper_of(default: Any, given: Mapping[str, Tensor], name: str) -> Any:
    """``default`` with this forward pass's own values where it has any."""
    own = {field: given[f"{name}.{field}"] for field in default._fields if f"{name}.{field}" in given}
    return default._replace(**own)


def sees_rows_only(normalization: Any) -> bool:
    """Whether a normalization sees one row at a time, all its channels together.

    A bias before it is then no rounding, and channels of zeros (as narrow networks are padded with) count.
    """
    return getattr(normalization, "PLACE", "") == "row"


def acts_on_weights(normalization: Any) -> bool:
    """Whether a normalization makes the weights of linear maps and convolutions, and is no layer itself."""
    return getattr(normalization, "PLACE", "") == "weight"


def leaves_bias(normalization: Any) -> bool:
    """Whether a bias before a normalization has a gradient that is more than rounding."""
    return sees_rows_only(normalization) or acts_on_weights(normalization)


def maps(activation: Any) -> int:
    """How many outputs of the linear map or convolution before an activation make one of its own."""
    return 2 if getattr(activation, "PLACE", "") == "gated" else 1


class Activation(nn.Module):
    """An activation technique as a layer, [*shape] → [*shape]; one that learns has a ``parameter`` [1].

    One that is gated halves the channels: [rows, 2 channels, *] → [rows, channels, *].
    """

    def __init__(self, name: str, technique: Any):
        super().__init__()
        self.name, self.technique = name, technique
        self.learned = getattr(technique, "PLACE", "") == "learned"
        self.gated = maps(technique) > 1
        if self.learned:
            self.parameter = nn.Parameter(technique.init(technique.Hyper()))

    def forward(self, x: Tensor) -> Tensor:
        now = current()
        hyper = hyper_of(self.technique.Hyper(), now.hyper if now else {}, self.name)
        if self.learned:
            return self.technique.apply(x, self.parameter, hyper)
        if self.gated:
            # not slices: a trace of their gradient fixes sizes
            return self.technique.apply(*x.unflatten(1, (2, x.shape[1] // 2)).unbind(1), hyper)
        return self.technique.apply(x, hyper)

    def extra_repr(self) -> str:
        return self.name


class Scale(nn.Module):
    """Multiplies a residual branch [*shape] by ``weight`` [1], which is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Dropout(nn.Module):
    """A regularizer at activations as a layer; silent outside training.

    site tells the noise of one layer from another's; a layer called again in one pass draws anew. default,
    where given, is this layer's own Hyper (a user's ``nn.Dropout(p)``); values of the forward pass come
    first.
    """

    def __init__(self, name: str, technique: Any, site: int, default: Any = None):
        super().__init__()
        self.name, self.technique, self.site = name, technique, site
        self.default = technique.Hyper() if default is None else default

    def forward(self, x: Tensor) -> Tensor:
        now = current()
        if now is None or not now.training or now.key is None:
            return x
        key, again = fold(now.key, self.site), turn(self.site)
        key = fold(key, again) if again else key
        return self._change(x, key, hyper_of(self.default, now.hyper, self.name))

    def _change(self, x: Tensor, key: Tensor, hyper: Any) -> Tensor:
        return self.technique.apply(x, key, hyper)

    def extra_repr(self) -> str:
        return f"{self.name}, site={self.site}"


class Branch(Dropout):
    """A regularizer at residual branches as a layer, at a branch's end; silent outside training.

    share: how deep the branch stands, in (0, 1].
    """

    def __init__(self, name: str, technique: Any, site: int, share: float):
        super().__init__(name, technique, site)
        self.share = share

    def _change(self, x: Tensor, key: Tensor, hyper: Any) -> Tensor:
        return self.technique.apply(x, key, self.share, hyper)


class Normalization(nn.Module):
    """A normalization technique as a layer over [rows, channels, *], with scale and shift of each channel.

    Running state, if it has any, stands in buffers ``state_<field>``; in training the next state is copied
    into them. One by rows has none, and no shift (``bias``) where it says so.
    """

    def __init__(self, name: str, technique: Any, channels: int, default: Any = None):
        super().__init__()
        self.name, self.technique = name, technique
        self.default = technique.Hyper() if default is None else default
        self.by_row = sees_rows_only(technique)
        self.weight = nn.Parameter(torch.ones(channels))
        shift = not self.by_row or technique.SHIFT
        self.bias = nn.Parameter(torch.zeros(channels)) if shift else None
        if not self.by_row:
            for field, value in technique.init(channels)._asdict().items():
                self.register_buffer(f"state_{field}", value)

    def forward(self, x: Tensor) -> Tensor:
        now = current()
        hyper = hyper_of(self.default, now.hyper if now else {}, self.name)
        return self._scaled(self.technique.apply(x, hyper)) if self.by_row else self._by_batch(x, now, hyper)

    def _scaled(self, x: Tensor) -> Tensor:
        shape = (-1,) + (1,) * (x.ndim - 2)
        x = x * self.weight.view(shape)
        return x if self.bias is None else x + self.bias.view(shape)

    def _by_batch(self, x: Tensor, now: Forward | None, hyper: Any) -> Tensor:
        training = bool(now and now.training)
        weight = now.weight if now and now.weight is not None else x.new_ones(x.shape[0])
        names = self.technique.State._fields
        state = self.technique.State(*(getattr(self, f"state_{field}") for field in names))
        if x.ndim > 3 and hasattr(self.technique, "scaled"):  # images
            x, state = self.technique.scaled(x, state, weight, hyper, training, self.weight, self.bias)
        else:
            x, state = self.technique.apply(x, state, weight, hyper, training)
            x = self._scaled(x)
        if training:
            for field, value in state._asdict().items():
                getattr(self, f"state_{field}").copy_(value.detach())
        return x

    def extra_repr(self) -> str:
        return self.name
