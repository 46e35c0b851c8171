"""Orthogonal: a random rotation, so that lengths are kept exactly through linear layers.

    w = γQ,   QᵀQ = I  or  QQᵀ = I, whichever the shape allows

γ gain · Q drawn uniformly among such matrices: the Q of a normal matrix's QR with diag(R) > 0.
Saxe, McClelland & Ganguli 2013, Exact solutions to the nonlinear dynamics of learning in deep linear
neural networks, arXiv:1312.6120.
Differs from the paper: a kernel (out, in, *kernel) is one matrix [out, in · kernel], as in torch.
Witness: torch.nn.init.orthogonal_.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics.rotation import rotation


class Hyper(NamedTuple):
    gain: Scalar = 1.0


def draw(shape: tuple[int, ...], generator: torch.Generator, hyper: Hyper) -> Float[Tensor, "..."]:
    """A float32 weight of ``shape`` (out, in, *kernel); UserError for fewer than two dimensions."""
    return hyper.gain * rotation(shape, generator)


CARD = Card(
    summary="a random rotation, which keeps lengths exactly",
    paper="Saxe, McClelland & Ganguli 2013, arXiv:1312.6120",
    year=2013,
    ranges={"gain": Range(0.5, 2.0, log=True)},
    domain={"gain": Domain(0.0, open_low=True)},
    torch="torch.nn.init.orthogonal_(layer.weight, gain={gain})",
)
