"""Max-norm: after each step, a hidden unit's incoming weights are shortened to a largest length.

    w_u ← w_u · min(1, c / ‖w_u‖)   for the weights w_u into each unit u (or output channel)

c max_norm. Hidden layers only; the head and what is no weight stay as they are.
Hinton, Srivastava, Krizhevsky, Sutskever & Salakhutdinov 2012, Improving neural networks by preventing
co-adaptation of feature detectors, arXiv:1207.0580.
Differs from the paper: nothing. Witness: torch.renorm.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar

PLACE = "change"


class Hyper(NamedTuple):
    max_norm: Scalar = 3.0


def project(parameter: Float[Tensor, "*shape"], role: str, hyper: Hyper) -> Float[Tensor, "*shape"]:
    """One parameter (out, in, *kernel) with its role, each of its units at most ``max_norm`` long."""
    if role != "matrix":
        return parameter
    norm = (parameter**2).sum(tuple(range(1, parameter.ndim)), keepdim=True).sqrt()
    return parameter * torch.where(norm > hyper.max_norm, hyper.max_norm / norm, 1.0)


CARD = Card(
    summary="shortens the weights into a hidden unit to a largest length after each step",
    paper="Hinton et al. 2012, arXiv:1207.0580",
    year=2012,
    parent="l2",
    scope="tensor",
    ranges={"max_norm": Range(0.3, 10.0, log=True)},
    domain={"max_norm": Domain(0.0, open_low=True)},
    torch=(
        "with torch.no_grad():  # after each step\n"
        "    for p in [p for p in model.parameters() if p.ndim > 1][:-1]:\n"
        "        p.copy_(torch.renorm(p, 2, 0, {max_norm}))"
    ),
)
