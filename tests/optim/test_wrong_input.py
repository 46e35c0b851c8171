"""Bad input is one sentence of the right type, before any step is taken."""

import subprocess
import sys
import warnings

import pytest
import torch
from torch import nn

import shoal
from shoal import optim
from shoal.optim.classes import rules


def one() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2, 2))]


@pytest.mark.parametrize(
    ("title", "given", "kind", "words"),
    [
        ("Lion", {"learning_rate": 0.1}, TypeError, "no keyword 'learning_rate'"),
        ("Lion", {"beta": (0.9, 0.99)}, TypeError, "did you mean 'betas'"),
        ("Adam", {"weigth_decay": 0.1}, TypeError, "did you mean 'weight_decay'"),
        ("Adam", {"lr": -1.0}, ValueError, "lr is -1, but must lie in"),
        ("Adam", {"lr": float("nan")}, ValueError, "lr is nan"),
        ("Adam", {"lr": "fast"}, TypeError, "'fast', but must be a number"),
        ("Adam", {"betas": 0.9}, ValueError, "must be a tuple"),
        ("Adam", {"betas": (0.9, 1.0)}, ValueError, "beta2 is 1, but must lie in"),
        ("Lion", {"betas": (0.9,)}, ValueError, "must be a tuple of 2 numbers"),
        ("Adam", {"differentiable": True}, ValueError, "cannot do differentiable=True"),
        ("Adam", {"capturable": True}, ValueError, "cannot do capturable=True"),
        ("RMSprop", {"centered": True}, ValueError, "use torch.optim.RMSprop"),
        ("RMSprop", {"momentum": 0.5}, ValueError, "use torch.optim.RMSprop"),
        ("SGD", {"nesterov": True}, ValueError, "needs momentum above 0"),
        ("SGD", {"weight_decay": -0.1}, ValueError, "weight_decay is -0.1"),
    ],
)
def test_keywords(title, given, kind, words):
    with pytest.raises(kind, match=words) as caught:
        getattr(optim, title)(one(), **given)
    assert "\n" not in str(caught.value)


def test_groups_are_held_to_the_same():
    with pytest.raises(ValueError, match="lr is -1"):
        optim.Lion([{"params": one(), "lr": -1.0}])
    optimizer = optim.Lion(one())
    with pytest.raises(TypeError, match="did you mean 'weight_decay'"):
        optimizer.add_param_group({"params": one(), "weight_deca": 0.1})
    assert len(optimizer.param_groups) == 1
    optimizer.add_param_group({"params": one(), "initial_lr": 0.1, "name": "head"})


@pytest.mark.parametrize("title", sorted(rules()))
def test_parameters(title):
    make = getattr(optim, title)
    with pytest.raises(ValueError, match="empty parameter list"):
        make([])
    with pytest.raises(ValueError, match="complex"):
        make([nn.Parameter(torch.ones(2, dtype=torch.complex64))])
    with pytest.raises(TypeError, match="iterable of Tensors"):
        make(torch.ones(2))


def test_unknown_names_list_what_there_is():
    with pytest.raises(AttributeError, match=r"did you mean 'Lion'.*there are: Lion, .*Adam"):
        _ = optim.Lino
    assert "Lion" in dir(shoal.optim)
    assert not hasattr(optim, "__wrapped__")


def test_nan_gradients_are_said_once_and_training_goes_on():
    ones = one()
    optimizer = optim.Adam(ones)
    for _ in range(2):
        ones[0].grad = torch.full((2, 2), float("nan"))
        if not optimizer.state:
            with pytest.warns(UserWarning, match="gradients hold NaN"):
                optimizer.step()
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                optimizer.step()
    ones = [nn.Parameter(torch.zeros(40_000)) for _ in range(4)]
    optimizer = optim.Lion(ones)
    with pytest.warns(UserWarning, match="gradients hold NaN"):  # found when its turn comes
        for _ in range(4):
            for index, p in enumerate(ones):
                p.grad = torch.full((40_000,), float("nan") if index == 3 else 1.0)
            optimizer.step()


@pytest.mark.parametrize("title", ["SPS", "Momo", "MomoAdam"])
def test_rules_that_need_the_loss_say_so(title):
    ones = one()
    optimizer = getattr(optim, title)(ones)
    ones[0].grad = torch.ones(2, 2)
    with pytest.raises(ValueError, match=r"optimizer.step\(loss=loss\)"):
        optimizer.step()
    assert torch.equal(ones[0].detach(), torch.ones(2, 2))
    optimizer.step(lambda: torch.tensor(3.0))
    assert not torch.equal(ones[0].detach(), torch.ones(2, 2))


def test_a_state_of_another_rule_is_refused():
    ones = one()
    ones[0].grad = torch.ones(2, 2)
    saved = optim.Adam(ones)
    saved.step()
    with pytest.raises(ValueError, match="saved by another optimizer"):
        optim.Adadelta(ones).load_state_dict(saved.state_dict())
    theirs = torch.optim.Adam(ones)
    theirs.step()
    with pytest.raises(ValueError, match="exp_avg"):
        optim.Adam(ones).load_state_dict(theirs.state_dict())


def test_importing_shoal_imports_no_torch():
    code = "import shoal, sys; assert not 'torch' in sys.modules; assert 'Lion' in repr(shoal.optim.Lion)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
