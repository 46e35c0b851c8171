"""Identity: a layer hands its inputs on unchanged; for kernels that is the Dirac delta.

    W[i, i] = γ,   K[i, i, center] = γ,   all else 0

γ gain. One technique for both: a matrix (out, in) starts as γI, a kernel (out, in, *kernel) as γ times the
convolution that changes nothing. Where a layer has more units than inputs those left over start at 0, and
under an activation without a slope at 0 (ReLU) they stay silent for good. Nothing is drawn: all seeds start
alike.
Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear units,
arXiv:1504.00941; kernels: Zagoruyko & Komodakis 2017, DiracNets, arXiv:1706.00388.
Differs from the papers: there for recurrent matrices, and as a part of the weights in training; here every
layer's first weights, the head's too. Witness: torch.nn.init.eye_, torch.nn.init.dirac_.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.errors import UserError
from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar


class Hyper(NamedTuple):
    gain: Scalar = 1.0


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel); UserError for fewer than two dimensions."""
    if len(shape) < 2:
        raise UserError(
            f"a weight of shape {tuple(shape)} cannot be an identity: it needs at least (out, in)"
        )
    weight = torch.zeros(shape)
    for unit in range(min(shape[:2])):
        weight[(unit, unit, *(size // 2 for size in shape[2:]))] = 1
    return hyper.gain * weight


CARD = Card(
    summary="layers start by handing their inputs on, kernels as the Dirac delta",
    paper="Le, Jaitly & Hinton 2015, arXiv:1504.00941; Zagoruyko & Komodakis 2017, arXiv:1706.00388",
    year=2015,
    parent="orthogonal",
    ranges={"gain": Range(0.1, 2.0, log=True)},
    domain={"gain": Domain(0.0, open_low=True)},
    torch=(
        "(torch.nn.init.eye_ if layer.weight.ndim == 2 else torch.nn.init.dirac_)(layer.weight)"
        ".data.mul_({gain})"
    ),
    title="Identity / Dirac",
)
