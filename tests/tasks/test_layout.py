"""Batches of every form, packed into one tensor and unpacked again."""

import pytest
import torch
from torch import nn

from shoal.errors import UserError
from shoal.tasks.layout import LABELS, batch_of, features, is_plain, layout_of, pack
from shoal.tasks.unpacked import Unpacked

IDS = torch.tensor([[3, 2**24], [0, 7], [5, 1]])
MASK = torch.tensor([[True, False], [True, True], [False, False]])
IMAGES = torch.rand(3, 2, 4, generator=torch.Generator().manual_seed(0))
SCALE = torch.tensor([0.5, -1.0, 2.0])
Y = torch.tensor([0, 1, 1])


class Seen(nn.Module):
    """Keeps what it was called with."""

    def forward(self, *ordered, **named):
        self.ordered, self.named = ordered, named
        return next(iter([*ordered, *named.values()]))


def through(values):
    """What a network gets of a batch that was packed and unpacked."""
    batch = batch_of(values, "train")
    layout = layout_of(batch)
    packed = pack(batch, layout, "train")
    assert packed.dtype == torch.float32 and packed.shape == (3, *features(layout))
    seen = Seen()
    Unpacked(seen, layout)(packed)
    assert torch.equal(batch.target, Y)
    return seen


@pytest.mark.parametrize(
    "values",
    [(IDS, MASK, IMAGES, SCALE, Y), ([IDS, MASK, IMAGES, SCALE], Y), ((IDS, MASK, IMAGES, SCALE), Y)],
)
def test_inputs_by_position(values):
    seen = through(values)
    for one, other in zip(seen.ordered, (IDS, MASK, IMAGES, SCALE), strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)
    assert not seen.named


@pytest.mark.parametrize("label", LABELS)
def test_inputs_by_keyword(label):
    for values in ({"ids": IDS, label: Y, "scale": SCALE}, ({"ids": IDS, "scale": SCALE}, Y)):
        seen = through(values)
        assert list(seen.named) == ["ids", "scale"] and not seen.ordered
        assert torch.equal(seen.named["ids"], IDS) and torch.equal(seen.named["scale"], SCALE)


def test_a_single_input_keeps_its_shape_and_its_type():
    batch = batch_of((IDS, Y), "train")
    assert features(layout_of(batch)) == (2,) and not is_plain(layout_of(batch))
    assert torch.equal(through((IDS, Y)).ordered[0], IDS)
    assert torch.equal(through((SCALE, Y)).ordered[0], SCALE)  # rows that are single numbers


def test_a_single_input_of_floats_is_handed_on_without_a_copy():
    batch = batch_of((IMAGES, Y), "train")
    assert is_plain(layout_of(batch))
    assert pack(batch, layout_of(batch), "train").data_ptr() == IMAGES.data_ptr()


def test_gradients_and_double_precision_pass_through():
    layout = layout_of(batch_of((IMAGES, SCALE, Y), "train"))
    x = torch.rand(3, 9, dtype=torch.float64, requires_grad=True)
    seen = Seen()
    Unpacked(seen, layout)(x).sum().backward()
    assert seen.ordered[0].dtype == torch.float64
    assert torch.equal(x.grad, torch.tensor([[1.0] * 8 + [0.0]] * 3, dtype=torch.float64))


def test_large_numbers_whose_sum_is_too_large_are_fine():
    batch = batch_of((torch.full((3, 2), 3e38), Y), "train")
    assert pack(batch, layout_of(batch), "train").isfinite().all()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (5, r"train is int; a pair \(inputs, targets\) or a dictionary with a target is needed"),
        ((IDS,), r"train is tuple of length 1; a pair"),
        (
            {"ids": IDS, "answer": Y},
            r"with the keys ids, answer, of which none is the target; call it one of la",
        ),
        ({"ids": IDS, "y": Y, "label": Y}, r"keys ids, y, label, of which several could be the target"),
        ({"labels": Y}, "train holds a target, but no inputs"),
        (
            ({"text": ["a", "b", "c"]}, Y),
            r"input 'text' of train is no tensor of numbers but list of length 3",
        ),
        ((IDS, torch.tensor(1)), "the target of train is a single number"),
        ((IDS, Y[:2]), r"train has 3 rows of input 0 and 2 of the target"),
        ((IDS * 1j, Y), "input 0 of train holds complex numbers"),
        ((IDS * 2, Y), r"input 0 of train holds whole numbers beyond 2\^24 \(row 10\)"),
        (
            (IMAGES.index_fill(0, Y[1], float("nan")), Y),
            "input 0 of train holds NaN or infinity .* in row 11",
        ),
        (
            {"a": IMAGES.double() * 1e300, "y": Y},
            "input 'a' of train holds NaN or infinity in single .* row 10",
        ),
    ],
)
def test_what_cannot_be_packed(values, sentence):
    with pytest.raises(UserError, match=sentence):
        batch = batch_of(values, "train")
        pack(batch, layout_of(batch), "train", first_row=10)
