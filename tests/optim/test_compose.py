"""What is put together in a plain loop: the engine's members, walked side by side in float64."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import shoal
from population.members import Own, begin, go_on, table
from population.test_mover import assert_equal, job, plain
from shoal.errors import UserError
from shoal.optim import compose

STEPS = 30
TASK = table()
Network = Callable[..., nn.Module]


def closed(optimizer: Any, loss: Callable[[], Tensor]) -> Callable[[], Tensor]:
    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    return closure


@pytest.mark.parametrize(
    ("expression", "hyper"),
    [
        (
            "matrix:centralize+lamb|adam+cautious",
            {"matrix.lamb.lr": 0.02, "adam.lr": 0.01, "cautious.eps": 0.1},
        ),
        ("centralize+adam+lookahead", {"adam.beta1": 0.7, "lookahead.k": 4.0, "lookahead.alpha": 0.3}),
        ("matrix-head:lion+top_gradients|bias:sgd|adam", {"matrix-head.top_gradients.fraction": 0.3}),
        ("momentum+top_saliency+mup_lr", {"momentum.lr": 0.05, "top_saliency.fraction": 0.2}),
        ("sam+momentum", {"sam.rho": 0.3, "momentum.lr": 0.05}),
        ("matrix:sam+sgd|adam", {"matrix.sam.rho": 0.5, "matrix.sgd.lr": 0.2, "adam.lr": 0.02}),
        ("head:prodigy|momo", {"momo.lr": 0.1}),
        ("bias:schedule_free_sgd|adafactor", {"bias.schedule_free_sgd.lr": 0.2, "adafactor.lr": 0.03}),
    ],
)
def test_a_plain_loop_goes_where_a_member_goes(expression, hyper):
    one = job(expression, **{name.replace(".", "__"): value for name, value in hyper.items()})
    assert one.recipe.hyper == hyper
    network, losses = plain(one)
    first = [value.detach().clone() for value in network.parameters()]
    optimizer = compose(network, expression, hyper)
    for _ in range(STEPS):
        optimizer.step(closed(optimizer, next(losses)))
    optimizer.eval()
    weights = list(network.parameters())
    assert_equal(go_on(begin(TASK, [one]), STEPS), weights)
    assert not all(torch.equal(value, old) for value, old in zip(weights, first, strict=True))


def test_the_second_evaluation_leaves_noise_and_running_statistics_alone():
    torch.manual_seed(1)
    network = Own().double()
    x, y = torch.randn(16, 6).double(), torch.arange(16) % 3
    seen, counts = [], []

    def loss() -> Tensor:
        counts.append(network.norm.num_batches_tracked.item())
        hidden = network.drop(torch.tanh(network.norm(network.first(x))))
        seen.append(hidden == 0)
        return nn.functional.cross_entropy(network.last(hidden), y)

    optimizer = compose(network, "sam+sgd", {"sam.rho": 0.1})
    for _ in range(2):
        optimizer.step(closed(optimizer, loss))
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[2], seen[3])
    assert not torch.equal(seen[0], seen[2])
    assert counts == [0, 1, 1, 2]
    assert network.norm.num_batches_tracked == 2


def test_a_failed_second_evaluation_gives_the_weights_back(network, weights):
    model = network()
    optimizer = compose(model, "sam+sgd")
    before, calls = weights(model), []

    def closure() -> Tensor:
        calls.append(weights(model))
        if len(calls) == 2:
            raise RuntimeError("out of memory")
        value = sum((one**2).sum() for one in model.parameters())
        optimizer.zero_grad()
        value.backward()
        return value

    with pytest.raises(RuntimeError, match="out of memory"):
        optimizer.step(closure)
    assert not torch.equal(calls[1], before)
    assert torch.equal(weights(model), before)


EXPRESSION = "matrix:centralize+lamb|bias:schedule_free_adamw|prodigy+lookahead"


@pytest.mark.parametrize("how", ["state_dict", "copy"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_it_goes_on_exactly(network, train, weights, how, dtype):
    through, model = network(dtype), network(dtype)
    whole, first = compose(through, EXPRESSION), compose(model, EXPRESSION)
    train(through, whole, 14)
    train(model, first, 7)
    first.eval()
    if how == "copy":
        model, second = copy.deepcopy((model, first))
    else:
        second = compose(model, EXPRESSION)
        second.load_state_dict(first.state_dict())
    second.train()
    train(model, second, 7, start=7)
    assert torch.equal(weights(model), weights(through))
    kept = [leaf for own in second.state.values() for leaf in own.values()]
    assert kept
    assert all(leaf.dtype == torch.promote_types(dtype, torch.float32) for leaf in kept)


def test_a_state_of_another_composition_is_refused(network):
    saved = compose(network(), "matrix:lion|adam").state_dict()
    with pytest.raises(UserError, match=r"the loaded state is of lion for matrix \| adam for bias"):
        compose(network(), "matrix:lion|sgd").load_state_dict(saved)


def test_schedulers_drive_each_branch(network, train, weights):
    model, other = network(), network()
    optimizer = compose(model, "matrix:adam|sgd", {"matrix.adam.lr": 0.1, "sgd.lr": 0.2})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.2]
    assert [group["roles"] for group in optimizer.param_groups] == [("matrix",), ("bias", "head")]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, [lambda n: 0.5**n, lambda n: 0.3**n])
    (matrix,) = [one for one in other.parameters() if one.shape == (6, 4)]
    rest = [one for one in other.parameters() if one is not matrix]
    theirs = [torch.optim.Adam([matrix], 0.1), torch.optim.SGD(rest, 0.2)]
    for step in range(4):
        for one, rate in zip(theirs, (0.1 * 0.5**step, 0.2 * 0.3**step), strict=True):
            one.param_groups[0]["lr"] = rate
        train(model, optimizer, 1, start=step)
        schedule.step()
        both = type("Both", (), {"zero_grad": lambda _: other.zero_grad()})()
        both.step = lambda: [one.step() for one in theirs]
        train(other, both, 1, start=step)
    torch.testing.assert_close(weights(model), weights(other), rtol=1e-12, atol=1e-12)


def test_parameters_without_roles_and_one_lr(network, train, weights):
    model, other = network(), network()
    train(model, compose(model.parameters(), "centralize+sgd", lr=0.1), 3)
    train(other, compose(other, "centralize+sgd", **{"sgd.lr": 0.1}), 3)
    assert torch.equal(weights(model), weights(other))
    assert not torch.equal(weights(model), weights(network()))


def test_evaluation_must_end_before_a_step(network, train):
    model = network()
    optimizer = compose(model, "matrix:schedule_free_sgd|adam")
    train(model, optimizer, 2)
    optimizer.eval()
    with pytest.raises(UserError, match=r"in evaluation: call optimizer.train\(\)"):
        optimizer.step()


@pytest.mark.parametrize(
    ("expression", "hyper", "said"),
    [
        ("sgd>adam@0.3", {}, "has stages, .* make a new optimizer of it"),
        ("matrix:lion|adma", {}, "no optimizer 'adma'; did you mean 'adamax'"),
        ("norm:lion|adam", {}, "rule for norm, and the network has only parameters of bias, matrix, head"),
        ("matrix:lion|adam", {"lion.lr": 0.1}, "for lion.lr: 'lion'; did you mean 'matrix.lion'"),
        ("matrix:lion|adam", {"lr": 0.1}, "write matrix.lion.lr or adam.lr"),
        ("adam+cautious", {"adam.learning": 0.1}, "no hyperparameter of adam 'learning'"),
        ("adam+cautious", {"cautious.eps": -1.0}, "cautious.eps is -1, but must lie in"),
        ("adam+cautious", {"adam.lr": "fast"}, "adam.lr is 'fast', but must be a number"),
    ],
)
def test_wrong_input(network, expression, hyper, said):
    with pytest.raises(UserError, match=said) as caught:
        compose(network(), expression, hyper)
    assert "\n" not in str(caught.value)


def test_wrong_use(network, train):
    model = network()
    with pytest.raises(UserError, match=r"rule for matrix, .* give the model itself"):
        compose(model.parameters(), "matrix:lion|adam")
    with pytest.raises(UserError, match=r"adam\.lr is given twice"):
        compose(model, "adam", {"adam.lr": 0.1}, **{"adam.lr": 0.2})
    with pytest.raises(UserError, match="no parameters"):
        compose(nn.ReLU(), "adam")
    with pytest.raises(UserError, match="does not support complex"):
        compose([torch.ones(2, dtype=torch.complex64, requires_grad=True)], "adam")
    with pytest.raises(UserError, match=r"second point: call optimizer.step\(closure\)"):
        train(model, compose(model, "sam+sgd"), 1)
    with pytest.raises(UserError, match="group for each branch and takes no more"):
        compose(model, "adam").add_param_group({"params": []})
    rows = nn.Embedding(4, 2, sparse=True)
    rows(torch.tensor([1])).sum().backward()
    with pytest.raises(TypeError, match="sparse gradients"):
        compose(rows, "adam").step()


def test_it_is_found():
    assert "compose" in dir(shoal.optim)
    assert shoal.optim.compose is compose


def test_the_page_of_drop_ins_runs():
    page = Path(__file__).parents[2] / "docs" / "drop-ins.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
    assert len(blocks) == 3
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    names = {"model": model, "criterion": nn.CrossEntropyLoss()}
    names |= {"x": torch.randn(8, 3), "y": torch.arange(8) % 2}
    before = model[0].weight.detach().clone()
    for block in blocks:
        exec(block, names)
    assert names["loss"] > 0
    assert not torch.equal(model[0].weight, before)
