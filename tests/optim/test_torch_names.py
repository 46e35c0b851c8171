"""Where torch.optim has the class: torch's settings from its own test database, torch's numbers."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

from shoal import optim
from shoal.optim.classes import rules

KNOWN = {one.optim_cls.__name__: one for one in optim_db}
TWINS = [title for title in sorted(rules()) if title in KNOWN]
MORE = ("capturable=False and foreach=True", "both floats or both Tensors")  # refused by torch, fine here


@pytest.fixture(autouse=True)
def wide() -> Iterator[None]:
    """torch keeps NAdam's product and step counts in the default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def settings() -> list[Any]:
    found = []
    for title in TWINS:
        for one in KNOWN[title].optim_inputs_func(device="cpu"):
            found.append(pytest.param(title, one.kwargs, id=f"{title}-{one.desc}"))
    return found


@pytest.mark.parametrize(("title", "given"), settings())
def test_thirty_steps_are_torchs(title, given, network, train, weights):
    if title == "RMSprop" and given.keys() & {"centered", "momentum"}:
        pytest.skip("the rule has neither centering nor momentum, and says so")
    if title == "SparseAdam":
        pytest.skip("torch's refuses dense gradients; test_sparse.py compares them on sparse ones")
    ours, theirs = network(), network()
    ours_by = getattr(optim, title)(ours.parameters(), **given)
    theirs_by = getattr(torch.optim, title)(theirs.parameters(), **given)
    train(ours, ours_by, 30)
    train(theirs, theirs_by, 30)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("title", "given"),
    [
        ("Adam", {"weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
        (
            "Adam",
            {"betas": (torch.tensor(0.7), torch.tensor(0.9)), "lr": torch.tensor(0.02), "capturable": False},
        ),
        ("AdamW", {"amsgrad": True, "weight_decay": 0.2, "betas": (0.5, 0.6)}),
        ("SGD", {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}),
        ("SGD", {"lr": 0.1, "foreach": True}),
        ("Adagrad", {"lr_decay": 0.2, "initial_accumulator_value": 0.3, "maximize": True, "eps": 1e-3}),
        ("Adadelta", {"lr": 0.3, "rho": 0.6, "eps": 1e-3}),
        ("RMSprop", {"alpha": 0.7, "eps": 1e-3, "maximize": True}),
        ("NAdam", {"betas": (0.6, 0.8), "weight_decay": 0.2, "maximize": True}),
        ("RAdam", {"betas": (0.6, 0.8), "maximize": True}),
        ("Adamax", {"betas": (0.6, 0.8), "weight_decay": 0.2}),
        ("Adafactor", {"d": 1.5, "beta2_decay": -0.5, "eps": (1e-4, 1e-2), "weight_decay": 0.1}),
        ("Rprop", {"etas": (0.4, 1.7), "step_sizes": (1e-3, 0.1)}),
    ],
)
def test_more_settings_are_torchs(title, given, network, train, weights):
    ours, theirs = network(), network()
    train(ours, getattr(optim, title)(ours.parameters(), **given), 30)
    if "betas" in given and torch.is_tensor(given["betas"][0]):  # torch takes tensors only where capturable
        given = given | {"betas": tuple(map(float, given["betas"])), "lr": float(given["lr"])}
    train(theirs, getattr(torch.optim, title)(theirs.parameters(), **given), 30)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("title", TWINS)
def test_the_signature_is_torchs(title):
    ours = inspect.signature(getattr(optim, title)).parameters
    theirs = inspect.signature(getattr(torch.optim, title)).parameters
    assert {name: one.default for name, one in ours.items()} == {n: one.default for n, one in theirs.items()}


@pytest.mark.parametrize("title", [t for t in TWINS if t not in ("SparseAdam", "Rprop")])
@pytest.mark.parametrize("number", range(4))
def test_schedulers_of_torchs_database(title, number, network, train, weights):
    schedules = KNOWN[title].scheduler_inputs
    if number >= len(schedules):
        pytest.skip(f"torch tries only {len(schedules)} schedulers for {title}")
    walked = []
    for module in (optim, torch.optim):
        model = network()
        optimizer = getattr(module, title)(model.parameters(), lr=0.05)
        schedulers = [make(optimizer) for make in schedules[number]]
        for step in range(12):
            (loss,) = train(model, optimizer, 1, start=step)
            for one in schedulers:
                one.step(loss) if isinstance(one, torch.optim.lr_scheduler.ReduceLROnPlateau) else one.step()
        walked.append(weights(model))
    torch.testing.assert_close(*walked, rtol=1e-12, atol=1e-12)


def test_one_cycle_sees_the_betas_and_the_momentum(network, train, weights):
    for title, given in (("Adam", {}), ("SGD", {"momentum": 0.9})):
        walked = []
        for module in (optim, torch.optim):
            model = network()
            optimizer = getattr(module, title)(model.parameters(), lr=0.01, **given)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=12)
            for step in range(10):
                train(model, optimizer, 1, start=step)
                schedule.step()
            walked.append(weights(model))
        torch.testing.assert_close(*walked, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("title", TWINS)
def test_errors_of_torchs_database(title):
    """Each input that torch refuses is refused here when the optimizer is made, with the same type."""
    for one in KNOWN[title].optim_error_inputs_func(device="cpu", dtype=torch.float64):
        if any(word in one.error_regex for word in MORE):
            continue
        given = one.optimizer_error_input
        params = given.params if given.params is not None else [torch.nn.Parameter(torch.ones(2))]
        if one.error_type is UserWarning:
            with pytest.warns(UserWarning, match=one.error_regex):
                getattr(optim, title)(params, **given.kwargs)
        else:
            wanted = ValueError if one.error_on == OptimizerErrorEnum.STEP_ERROR else one.error_type
            with pytest.raises(wanted):
                getattr(optim, title)(params, **given.kwargs)
