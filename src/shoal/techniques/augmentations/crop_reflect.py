"""Crop with reflection: images are padded with their own mirror images, and a part is cut out at random.

    x[r] ← x[r] moved by whole pixels, drawn from -p to p for each side, row and step;   p = share · side

share share, of the height up and down and of the width to the sides. The border's own pixels stand once.
He, Zhang, Ren & Sun 2015, Deep residual learning for image recognition, arXiv:1512.03385 (padded with zeros).
Differs from the paper: nothing at a share of 4/32 and 32 pixels; what is padded with.
Witness: the noise from plain Python integers and numpy's pad, mode "reflect".
"""

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from shoal.techniques.card import Card, Domain, Range
from shoal.techniques.kinds import Scalar
from shoal.techniques.numerics import shifts

PLACE = "inputs"
INPUTS = "image"


class Hyper(NamedTuple):
    share: Scalar = 0.125


def apply(
    x: Float[Tensor, "rows *channels height width"], key: Int[Tensor, ""], hyper: Hyper
) -> Float[Tensor, "rows *channels height width"]:
    """``x`` [rows, channels, height, width] with noise from ``key`` (int64); for training only."""
    return shifts.moved(x, key, hyper.share, shifts.reflection)


CARD = Card(
    title="Random crop with reflection",
    summary="moves images at random in training, with their mirror images at their borders",
    paper="He et al. 2015, arXiv:1512.03385",
    year=2015,
    parent="crop",
    ranges={"share": Range(0.02, 0.3)},
    domain={"share": Domain(0.0, 0.5)},
    torch=(
        "def crop_reflect(x):\n"
        "    edge, (tall, wide) = [round({share} * side) for side in x.shape[2:]], x.shape[2:]\n"
        '    large = torch.nn.functional.pad(x, (edge[1],) * 2 + (edge[0],) * 2, mode="reflect")\n'
        "    corner = [[int(torch.randint(2 * each + 1, ())) for each in edge] for _ in x]\n"
        "    cut = [one[:, a : a + tall, b : b + wide] for one, (a, b) in zip(large, corner)]\n"
        "    return torch.stack(cut)"
    ),
)
