"""L-DoG: DoG for each layer by itself.

    r̄ ← max(r̄, ‖θ - θ₀‖)        G ← G + ‖g‖²        change = -η r̄ g / √G

η lr · λ weight_decay, g being the gradient plus λθ · r̄ starts at reps_rel (1 + ‖θ₀‖), G at eps · norms over
one parameter (a layer's matrix, a bias), each with its own r̄ and G.
Evaluated is, by ``read``, the weights' polynomial average with exponent γ gamma, on which the paper's
results rest: after step t the newest weights get the share (1+γ)/(t+γ). A large γ (1e20) evaluates the
weights themselves.
Ivgi et al. 2023, DoG is SGD's best friend: a parameter-free dynamic step size schedule, arXiv:2302.12022.
Differs from the paper: weight_decay is the authors' package's; its init_eta is left out, and its averager, an
object of its own there, is part of the rule here and leaves a normalization's running statistics alone.
Witness: dog.LDoG, with dog.PolynomialDecayAverager.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar, Seen
from shoal.techniques.numerics import distance_over_gradients

State = distance_over_gradients.State


class Hyper(NamedTuple):
    lr: Scalar = 1.0
    reps_rel: Scalar = 1e-6
    eps: Scalar = 1e-8
    weight_decay: Scalar = 0.0
    gamma: Scalar = 8.0


def init(parameter: Float[Tensor, "*shape"], hyper: Hyper) -> State:
    """The distance starts as a small share of the weights' norm."""
    return distance_over_gradients.begin(parameter, hyper.reps_rel, hyper.eps)


def update(
    seen: Seen, state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper
) -> tuple[Float[Tensor, "*shape"], State]:
    """The change to add to ``parameter``, and the state after it."""
    gradient = seen.gradient.to(state.start.dtype) + hyper.weight_decay * parameter
    size, state = distance_over_gradients.step_size(state, parameter, gradient, hyper.gamma)
    return -hyper.lr * size * gradient, state


def read(state: State, parameter: Float[Tensor, "*shape"], hyper: Hyper) -> Float[Tensor, "*shape"]:
    """The polynomial average of the weights [*shape], which is evaluated."""
    return distance_over_gradients.average(state, parameter, hyper.gamma).to(parameter.dtype)


CARD = Card(
    title="LDoG",
    summary="descent whose step is each layer's distance come so far over its gradients' norm",
    paper="Ivgi et al. 2023, arXiv:2302.12022",
    year=2023,
    parent="dog",
    ranges={"lr": Range(0.1, 10.0, log=True), "reps_rel": Range(1e-8, 1e-3, log=True)},
    domain={
        "lr": Domain(0.0, open_low=True),
        "reps_rel": Domain(0.0, open_low=True),
        "eps": Domain(0.0),
        "weight_decay": Domain(0.0),
        "gamma": Domain(0.0),
    },
    scope="tensor",
    state=2,
    symmetries=("scale", "sign", "permutation", "rotation"),
)
