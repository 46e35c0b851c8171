"""Adafactor: scale each gradient by its running size, of which a matrix keeps only row and column means.

    ρ = min(η, 1/√t)    α = max(ε₂, rms(θ)) ρ    1-β₂ = t^γ
    R ← β₂R + (1-β₂) mean of g² along columns    C ← β₂C + (1-β₂) mean of g² along rows    v = R C / mean(R)
    u = g / max(√v, ε₁)        change = -α u / max(1, rms(u)/d) - ηλθ

η lr · γ beta2_decay (negative) · ε₁ eps1 · ε₂ eps2 · d · λ weight_decay · θ one parameter tensor before the
step · rms the root of the mean square of a tensor. Vectors keep v ← β₂v + (1-β₂)g² itself. Tensors with more
than two dimensions are factored along the last two: a kernel [out, in, h, w] as out·in matrices [h, w], which
saves little.
Shazeer & Stern 2018, Adafactor: adaptive learning rates with sublinear memory cost, arXiv:1804.04235.
Differs from the paper: as in torch η is a number under the bound 1/√t (in the paper ρ is min(10⁻², 1/√t)),
ε₁ is a lower bound (of √v, and of the mean of R) where the paper adds ε₁ to g², and weight decay is added.
torch's default of ε₁ is the machine epsilon of the parameter's type; ours is float32's for all. rms(θ) is
taken before the decay, as in torch. Witness: torch.optim.Adafactor.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import precision


class Hyper(NamedTuple):
    lr: Scalar = 1e-2
    beta2_decay: Scalar = -0.8
    eps1: Scalar = 1.1920928955078125e-07
    eps2: Scalar = 1e-3
    d: Scalar = 1.0
    weight_decay: Scalar = 0.0


class State(NamedTuple):
    """``rows`` [*, n, 1] and ``columns`` [*, 1, m] of a matrix [*, n, m], ``square`` [n] of a vector [n];
    what a parameter does not need is []."""

    step: Float[Tensor, ""]
    rows: Float[Tensor, "..."]
    columns: Float[Tensor, "..."]
    square: Float[Tensor, "..."]


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """Zero running squares, step 0."""
    zeros = precision.zeros(parameter)
    none = zeros.new_zeros(())
    if parameter.dim() < 2:
        return State(none, none, none, zeros)
    return State(none, zeros[..., :1].clone(), zeros[..., :1, :].clone(), none)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, one tensor of the network, and the state after it."""
    step = state.step + 1
    new = step**hyper.beta2_decay
    squares = seen.gradient.to(step.dtype) ** 2
    rows, columns, square = state.rows, state.columns, state.square
    if parameter.dim() < 2:
        square = (1 - new) * square + new * squares
        estimate = square
    else:
        rows = (1 - new) * rows + new * squares.mean(-1, keepdim=True)
        columns = (1 - new) * columns + new * squares.mean(-2, keepdim=True)
        estimate = rows / rows.mean(-2, keepdim=True).clamp(min=hyper.eps1) * columns
    scaled = seen.gradient / estimate.sqrt().clamp(min=hyper.eps1)
    relative = (1 / step.sqrt()).clamp(max=hyper.lr) * _rms(parameter.to(step.dtype)).clamp(min=hyper.eps2)
    change = -relative / (_rms(scaled) / hyper.d).clamp(min=1.0) * scaled
    change = change - hyper.lr * hyper.weight_decay * parameter
    return change, State(step, rows, columns, square)


def _rms(x: Tensor) -> Tensor:
    return (x**2).mean().sqrt()


CARD = Card(
    summary="scale gradients by their running size, kept by row and column only",
    paper="Shazeer & Stern 2018, arXiv:1804.04235",
    year=2018,
    parent="rmsprop",
    ranges={"lr": Range(1e-4, 1.0, log=True), "beta2_decay": Range(-1.0, -0.5), "d": Range(1.0, 4.0)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "beta2_decay": Domain(high=0.0),
        "eps1": Domain(0.0),
        "eps2": Domain(0.0),
        "d": Domain(1.0),
        "weight_decay": Domain(0.0),
    },
    scope="tensor",
    state=0,
    torch=(
        "optimizer = torch.optim.Adafactor(\n"
        "    model.parameters(), lr={lr}, beta2_decay={beta2_decay}, eps=({eps1}, {eps2}), d={d},\n"
        "    weight_decay={weight_decay}\n"
        ")"
    ),
    title="Adafactor",
    symmetries=("scale", "sign", "permutation"),
)
