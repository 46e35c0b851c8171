"""Tensors and a module from Python."""

import numpy as np
import pytest
import torch
from torch import nn

from shoal.errors import UserError
from shoal.tasks.archives import from_npz
from shoal.tasks.arrays import from_arrays

X = torch.arange(120.0).reshape(40, 3)
CLASSES = torch.arange(40) % 4
NUMBERS = torch.linspace(-3, 9, 40)


def test_classes_are_handed_on_without_a_copy():
    task = from_arrays(X, CLASSES, name="mine")
    assert (task.name, task.kind, task.metric, task.features, task.outputs) == (
        "mine",
        "classification",
        "accuracy",
        (3,),
        4,
    )
    first, second = task.prepare(0), task.prepare(1)
    assert first.x is second.x and first.y is second.y
    assert first.x.data_ptr() == X.data_ptr() and first.y.data_ptr() == CLASSES.data_ptr()
    assert not torch.equal(first.train, second.train) and torch.equal(first.test, second.test)


def test_numpy_and_several_outputs_share_one_scale():
    y = np.stack([NUMBERS.numpy(), 100 * NUMBERS.numpy() + 7], axis=1)
    task = from_arrays(X.numpy(), y)
    data = task.prepare(0)
    assert (task.kind, task.outputs, data.y.dtype) == ("regression", 2, torch.float32)
    rows = data.train.numpy()
    np.testing.assert_allclose(data.y.numpy() * data.scale + y[rows].mean(0), y, atol=1e-3)
    assert float((data.y[rows] ** 2).mean()) == pytest.approx(1, rel=1e-5)


def test_official_test_part():
    task = from_arrays(X, CLASSES, test=(X[:8] + 1, CLASSES[:8]), valid_share=0.0)
    data = task.prepare(0)
    assert (task.train_rows, len(data.valid)) == (40, 0)
    assert torch.equal(data.x[data.test], X[:8] + 1) and torch.equal(data.y[data.test], CLASSES[:8])


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(3, 1)
        self.head = nn.Linear(3, 4)
        self.offset = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.head(self.attention(x, x, x)[0]) + self.offset


def test_an_instance_is_drawn_anew_under_the_callers_seed():
    original = Own()
    kept = {name: value.clone() for name, value in original.state_dict().items()}
    task = from_arrays(X, CLASSES, original)

    def draw(seed):
        torch.manual_seed(seed)
        return task.network().state_dict()

    first, again, other = draw(1), draw(1), draw(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    differing = {name for name in first if not torch.equal(first[name], other[name])}
    assert differing == {"attention.in_proj_weight", "attention.out_proj.weight", "head.weight", "head.bias"}
    assert first["attention.out_proj.bias"].abs().sum() == 0  # the attention's own reset comes last, as built
    assert all(torch.equal(value, kept[name]) for name, value in original.state_dict().items())
    assert task.notes[-1].endswith("have no reset_parameters(): offset")


def test_a_factory_is_used_as_it_is_and_randomness_is_left_alone():
    def make():
        return nn.Linear(3, 4)

    torch.manual_seed(0)
    before = torch.get_rng_state()
    assert from_arrays(X, CLASSES, make).network is make
    assert torch.equal(torch.get_rng_state(), before)


def failing(_=None):
    raise RuntimeError("out of ideas")


class Failing(nn.Module):
    def forward(self, x):
        failing()


class Pair(nn.Module):
    def forward(self, x):
        return x, x


HOLES = torch.where(torch.arange(120).reshape(40, 3) == 7, torch.nan, X)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((X, CLASSES[:-1]), "x has 40 rows and y has 39"),
        ((X[:, 0], CLASSES), r"x has shape \[40\]; \[rows, \*features\]"),
        ((X[:0], CLASSES[:0]), r"x is empty: its shape is \[0, 3\]"),
        ((HOLES, CLASSES), "x holds NaN or infinity in single precision, first in row 2"),
        ((X.double() * 1e40, CLASSES), "infinity in single precision, first in row 0"),
        ((X, NUMBERS / 0), "y holds NaN or infinity, first in row 0"),
        ((X, NUMBERS * 0), "y is constant"),
        ((X, CLASSES * 0), r"y is constant \(class 0\)"),
        ((X, CLASSES - 1), "y holds the class -1"),
        ((X, CLASSES * 2), "no row of class 1"),
        ((X, CLASSES[:, None]), r"shape \[40, 1\]; \[rows\] is needed"),
        (([["a"]], CLASSES), "x is no array of numbers"),
        ((X[:10], CLASSES[:10]), "10 rows are too few"),
        (
            (X, CLASSES, nn.Linear(3, 5)),
            r"inputs of shape \[4, 3\] into outputs of shape \[4, 5\]; .* \[4, 4\]",
        ),
        ((X, NUMBERS, nn.Linear(3, 2)), r"outputs of shape \[4, 2\]; this task needs \[4, 1\]"),
        ((X, CLASSES, nn.Linear(2, 4)), "raised RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
        ((X, CLASSES, Failing()), r"raised RuntimeError at .*test_arrays.py:\d+: out of ideas"),
        ((X, CLASSES, failing), r"factory raised RuntimeError at .*test_arrays.py:\d+: out of ideas"),
        ((X, CLASSES, Pair()), "the network returned tuple; one tensor"),
        ((X, CLASSES, dict), "factory returned dict"),
        ((X, CLASSES, 7), "network is 7, neither"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        from_arrays(*arguments)


def test_test_part_must_be_alike():
    with pytest.raises(UserError, match=r"rows of x have shape \[3\] .* those of the test part \[2\]"):
        from_arrays(X, CLASSES, test=(X[:, :2], CLASSES))
    with pytest.raises(UserError, match="rows of y have shape"):
        from_arrays(X, CLASSES, test=(X, NUMBERS))
    with pytest.raises(UserError, match="the test part's x has 40 rows and its y has 3"):
        from_arrays(X, CLASSES, test=(X, CLASSES[:3]))


def test_classes_that_do_not_occur_can_be_stated():
    assert from_arrays(X, CLASSES * 2, nn.Linear(3, 9), classes=9).outputs == 9
    with pytest.raises(UserError, match="more than the 3 classes stated"):
        from_arrays(X, CLASSES, classes=3)


def test_npz_file(tmp_path):
    np.savez(tmp_path / "mine.npz", x=X.numpy(), y=CLASSES.numpy())
    task = from_npz(tmp_path / "mine.npz")
    assert (task.name, task.outputs) == ("mine", 4)
    assert torch.equal(task.prepare(0).x, X)
    np.savez(tmp_path / "bad.npz", x=X.numpy(), y=CLASSES.numpy()[:3])
    with pytest.raises(UserError, match=r"bad.npz: x has 40 rows and y has 3"):
        from_npz(tmp_path / "bad.npz")
