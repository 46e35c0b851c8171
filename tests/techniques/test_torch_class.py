"""A user's torch.optim.Optimizer class as a technique: its numbers, ranges and refusals."""

from pathlib import Path

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.errors import UserError

MINE = '''
import torch
from torch.optim import Adam, Optimizer


class MyAdam(Adam):
    """Adam as it is."""


class Wrapped(torch.optim.SGD):
    def __init__(self, params, **more):
        super().__init__(params, **{"lr": 0.05, "momentum": 0.9, **more})


class Counting(Optimizer):
    """Steps of a fixed size, of which there are ever fewer.

    More words."""

    def __init__(self, params, lr=0.1, every=3, scale=-0.5, names=("a",), fast=True, cap=float("inf")):
        self.every = every
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for one in group["params"]:
                one -= group["lr"] * one.grad.sign()


class Eager(Adam):
    def __init__(self, params, lr):
        super().__init__(params, lr=lr)


class Evaluating(torch.optim.LBFGS):
    pass


class Broken(Adam):
    def __init__(self, params, lr=1e-3):
        raise ValueError("no such luck")


class Halting(Adam):
    def step(self, closure=None):
        raise RuntimeError("cannot step")


class Bare(torch.optim.SGD):
    def __init__(self, params):
        super().__init__(params, lr=0.1)


class Other:
    pass
'''


@pytest.fixture
def mine(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(MINE)
    return str(tmp_path / "mine.py")


def test_numbers_with_defaults_are_hyperparameters(mine):
    found = catalogue.find("optimizer", f"{mine}:MyAdam")
    assert found.Hyper()._asdict() == {"lr": 1e-3, "eps": 1e-8, "weight_decay": 0}
    assert found.CARD.scope == "torch" and found.CARD.summary == "Adam as it is." and found.CARD.state == 2
    assert found.CARD.ranges.keys() == {"lr"} and found.CARD.ranges["lr"].log
    assert (found.CARD.ranges["lr"].low, found.CARD.ranges["lr"].high) == pytest.approx((1e-5, 1e-1))
    assert catalogue.make_hyper(found, {"eps": 1e-4}).eps == 1e-4
    with pytest.raises(UserError, match=r"MyAdam.lr is 0, but must lie in \(0, inf\)"):
        catalogue.make_hyper(found, {"lr": 0.0})
    with pytest.raises(UserError, match="no hyperparameter of MyAdam 'beta1'"):
        catalogue.make_hyper(found, {"beta1": 0.5})


def test_numbers_that_are_passed_on_are_found_too(mine):
    found = catalogue.find("optimizer", f"{mine}:Wrapped")
    assert found.Hyper()._asdict() == {"lr": 0.05, "momentum": 0.9, "dampening": 0, "weight_decay": 0}
    assert found.CARD.state == 1
    (group,) = found.make([nn.Parameter(torch.ones(2))], found.Hyper(momentum=0.5)).param_groups
    assert group["lr"] == 0.05 and group["momentum"] == 0.5


def test_whole_numbers_stay_whole_and_what_is_no_finite_number_stays_at_its_default(mine):
    found = catalogue.find("optimizer", f"{mine}:Counting")
    assert found.Hyper._fields == ("lr", "every", "scale")
    assert found.CARD.summary == "Steps of a fixed size, of which there are ever fewer."
    made = found.make([nn.Parameter(torch.ones(2))], found.Hyper(every=7.0))
    assert made.every == 7 and isinstance(made.every, int)
    assert found.CARD.domain["scale"].contains(-3) and not found.CARD.domain["every"].contains(-3)
    assert found.CARD.state == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MyAdams", r"no class in mine.py 'MyAdams'; did you mean 'MyAdam'\?"),
        ("Other", "class Other does not inherit torch.optim.Optimizer"),
        ("Eager", "needs the argument 'lr'"),
        ("Evaluating", "needs a closure that evaluates the loss again"),
        ("Broken", "Broken raised ValueError: no such luck"),
        ("Halting", "Halting raised RuntimeError: cannot step"),
        ("Bare", "has no argument with a number as its default"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(mine, name, words):
    with pytest.raises(UserError, match=words) as caught:
        catalogue.find("optimizer", f"{mine}:{name}")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_fails_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"absent.py:Own is no Python file"):
        catalogue.find("optimizer", str(tmp_path / "absent.py:Own"))
    (tmp_path / "wrong.py").write_text("1 / 0")
    with pytest.raises(UserError, match=r"wrong.py:Own raised ZeroDivisionError"):
        catalogue.find("optimizer", str(tmp_path / "wrong.py:Own"))
