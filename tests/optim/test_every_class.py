"""What torch's own test list asks of every optimizer, asked of every class that the catalogue makes."""

import copy
import io
import pickle
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import shoal
from shoal import catalogue, optim
from shoal.optim import keywords, walks
from shoal.optim.classes import rules
from shoal.techniques.kinds import Seen

TITLES = sorted(rules())


def others(title: str) -> dict[str, Any]:
    """Legal hyperparameters that are not the defaults, for the classes that torch has not."""
    module = catalogue.find("optimizer", getattr(optim, title).rule)
    if keywords.torch_twin(title):
        return {"lr": 0.003}
    given = {}
    for name, bounds in module.CARD.ranges.items():
        middle = (bounds.low * bounds.high) ** 0.5 if bounds.log else (bounds.low + bounds.high) / 2
        given[name] = middle
    taken = keywords.signature(title, getattr(optim, title).rule).parameters
    if "betas" in taken:
        fields = [name for name in ("beta1", "beta2", "beta3") if name in module.Hyper._fields]
        given["betas"] = tuple(given.pop(name, module.Hyper()._asdict()[name]) for name in fields)
    return given


def settings() -> list[Any]:
    return [
        pytest.param(title, given, id=f"{title}-{name}")
        for title in TITLES
        for name, given in (("default", {}), ("other", others(title)))
    ]


def same(one: Any, other: Any) -> None:
    """Equal bits, NaN equal to NaN (a default lr may be too long for this task)."""
    torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(("title", "given"), settings())
def test_thirty_steps_are_the_rules(title, given, network, train, weights):
    """The rule itself, called as the technique's file is, without recording, pieces or packing."""
    if keywords.torch_twin(title):
        pytest.skip("test_torch_names.py has these against torch")
    model = network()
    optimizer = getattr(optim, title)(model.parameters(), **given)
    rule = catalogue.find("optimizer", optimizer.rule)
    by_hand = copy.deepcopy(model)
    own = [one for name, one in by_hand.named_parameters() if name != "unused"]
    hyper = keywords.hyper(rule, optimizer.param_groups[0], torch.float64)
    if rule.CARD.scope == "tensor":
        points = [one.detach().clone() for one in own]
    else:
        points = [torch.cat([one.detach().reshape(-1) for one in own])]
    states = [rule.init(point, hyper) for point in points]
    for step in range(30):
        loss = _gradients(by_hand, step)
        grads = [one.grad for one in own]
        grads = grads if rule.CARD.scope == "tensor" else [torch.cat([one.reshape(-1) for one in grads])]
        for i, grad in enumerate(grads):
            seen = Seen(grad, loss, torch.zeros((), dtype=torch.int64))
            change, states[i] = rule.update(seen, states[i], points[i], hyper)
            points[i] = points[i] + change
        flat = torch.cat([one.reshape(-1) for one in points])
        with torch.no_grad():
            for one, part in zip(own, flat.split([one.numel() for one in own]), strict=True):
                one.copy_(part.view_as(one))
    train(model, optimizer, 30)
    torch.testing.assert_close(weights(model), weights(by_hand), rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("title", ["LAMB", "LARS", "MARS", "LDoG"])
def test_tensors_step_alike_alone_and_in_company(title):
    """Small ones share two pieces and large ones have several; each has norms and numbers of its own."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(300, 1000), (7,), (20, 30), (1,), (200, 100), (2000,), *[(16, 1000)] * 9]
    together = [torch.randn(one, generator=generator, dtype=torch.float64) for one in shapes]
    alone = [one.clone() for one in together]
    optimizers = [getattr(optim, title)(list(together)), *(getattr(optim, title)([one]) for one in alone)]
    for step in range(6):
        for one, twin in zip(together, alone, strict=True):
            one.grad = twin.grad = torch.randn(one.shape, generator=generator, dtype=torch.float64)
        if step in (1, 2):
            together[2].grad = alone[2].grad = None  # its step count stays behind
        for optimizer in optimizers:
            optimizer.step()
    for one, twin in zip(together, alone, strict=True):
        torch.testing.assert_close(one, twin, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("title", ["SGDScheduleFree", "DoG", "Lion"])
def test_a_decay_may_begin_and_end_at_any_step(title, network, train, weights):
    """Steps without decay are other programs: the states go from one to the other."""
    models = [network(), network()]
    runs = []
    for model, none in zip(models, (0.0, 1e-300), strict=True):  # adds nothing, but is another number than 0
        optimizer = getattr(optim, title)(model.parameters(), weight_decay=none)
        for start, decay in enumerate((none, 0.1, none)):
            optimizer.param_groups[0]["weight_decay"] = decay
            train(model, optimizer, 3, start=3 * start)
        runs.append(weights(model))
    same(*runs)


def _gradients(model: nn.Module, step: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(8, 4, generator=generator, dtype=torch.float64)
    y = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    model.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    return loss.detach()


@pytest.mark.parametrize(("title", "given"), settings())
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_saved_state_continues_bit_for_bit(title, given, dtype, network, train, weights):
    if dtype == torch.bfloat16 and not given:
        pytest.skip("one setting is enough for the precision of state")
    model = network(dtype)
    optimizer = getattr(optim, title)(model.parameters(), **given)
    train(model, optimizer, 4)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    again = network(dtype)
    again.load_state_dict(saved["model"])
    other = getattr(optim, title)(again.parameters())
    other.load_state_dict(saved["optimizer"])
    for own in other.state.values():
        assert all(leaf.dtype in (torch.float32, torch.float64) for leaf in own.values())
    train(model, optimizer, 4, start=4)
    train(again, other, 4, start=4)
    same(weights(again), weights(model))


@pytest.mark.parametrize("title", TITLES)
def test_copies_and_pickles_go_on_alike_and_apart(title, network, train, weights):
    model = network()
    optimizer = getattr(optim, title)(model.parameters())
    train(model, optimizer, 3)
    pairs = [copy.deepcopy((model, optimizer)), pickle.loads(pickle.dumps((model, optimizer)))]
    train(model, optimizer, 3, start=3)
    for copied, by in pairs:
        assert type(by) is getattr(shoal.optim, title)
        train(copied, by, 3, start=3)
        same(weights(copied), weights(model))


@pytest.mark.parametrize("title", TITLES)
def test_nothing_moves_without_gradients(title, network, train, weights):
    model = network()
    optimizer = getattr(optim, title)(model.parameters())
    before = weights(model)
    optimizer.step()
    same(weights(model), before)
    assert not optimizer.state
    model[0].weight.requires_grad_(False)
    frozen = model[0].weight.clone()
    train(model, optimizer, 2)
    same(model[0].weight.detach(), frozen)
    same(model.unused.detach(), torch.ones(2, dtype=torch.float64) * 0 + before[:2])
    assert model.unused not in optimizer.state
    assert not torch.equal(weights(model), before)


@pytest.mark.parametrize("title", TITLES)
def test_an_empty_parameter_is_no_trouble(title):
    empty, one = nn.Parameter(torch.empty(0)), nn.Parameter(torch.ones(2, 2))
    optimizer = getattr(optim, title)([empty, one])
    empty.grad, one.grad = torch.empty(0), torch.ones(2, 2)
    for _ in range(2):  # ADOPT only looks at the first gradient
        optimizer.step(loss=1.0)
    assert not torch.equal(one.detach(), torch.ones(2, 2))


@pytest.mark.parametrize("title", TITLES)
def test_a_parameter_that_thaws_later_starts_from_the_beginning(title, network, train):
    model = network()
    optimizer = getattr(optim, title)(model.parameters())
    model[2].weight.requires_grad_(False)
    train(model, optimizer, 3)
    model[2].weight.requires_grad_(True)
    before = model[2].weight.detach().clone()
    train(model, optimizer, 2, start=3)
    assert not torch.equal(model[2].weight.detach(), before)
    if "step" in optimizer.state[model[2].weight] and optimizer.defaults.get("betas"):
        scope = catalogue.find("optimizer", optimizer.rule).CARD.scope
        wanted = (5.0, 5.0) if scope == "member" else (2.0, 5.0)
        steps = [float(optimizer.state[one]["step"]) for one in (model[2].weight, model[0].weight)]
        assert tuple(steps) == wanted


@pytest.mark.parametrize("title", TITLES)
def test_groups_have_values_of_their_own(title, network, train, weights):
    """Two groups that share all values but lr: the one with lr 0 stays, the other moves as it does alone."""
    if catalogue.find("optimizer", getattr(optim, title).rule).CARD.scope == "member":
        pytest.skip("norms are those of a group, so it is the loss alone that ties groups; see walks.py")
    model, alone = network(), network()
    groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[2].parameters()}]
    if title == "Rprop":
        pytest.skip("step sizes are relative to lr, so with lr 0 limits are infinite")
    optimizer = getattr(optim, title)(groups)
    before = weights(model[0])
    train(model, optimizer, 3)
    for one in alone[0].parameters():
        one.requires_grad_(False)
    train(alone, getattr(optim, title)(alone[2].parameters()), 3)
    if "weight_decay" not in optimizer.defaults:
        same(weights(model[0]), before)
    torch.testing.assert_close(weights(model[2]), weights(alone[2]), rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("title", TITLES)
def test_hooks_and_closures_are_called(title):
    one, called = nn.Parameter(torch.ones(3, 2)), []
    optimizer = getattr(optim, title)([one])
    optimizer.register_step_pre_hook(lambda *_: called.append("pre"))
    optimizer.register_step_post_hook(lambda *_: called.append("post"))

    def closure() -> torch.Tensor:
        assert torch.is_grad_enabled()
        called.append("closure")
        optimizer.zero_grad()
        loss = (one**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 6.0
    assert called == ["pre", "closure", "post"]
    optimizer.add_param_group({"params": [nn.Parameter(torch.ones(2))]})
    assert len(optimizer.param_groups) == 2


@pytest.mark.parametrize("title", TITLES)
def test_packed_and_cut_parameters_are_the_same(title, monkeypatch):
    """Small parameters together, large ones piece by piece, or each by itself: the same bits, but for the
    order in which sums over all numbers are taken."""
    from shoal.optim import pieces

    results = []
    for piece, small in ((1 << 17, 1 << 14), (64, 16), (32, 0), (1 << 17, 0)):
        monkeypatch.setattr(pieces, "PIECE", piece)
        monkeypatch.setattr(pieces, "SMALL", small)
        generator = torch.Generator().manual_seed(0)
        shapes = [(3,), (17, 5), (), (2, 3, 4), (64,), (5,)]
        new = partial(torch.randn, generator=generator, dtype=torch.float64)
        ones = [nn.Parameter(new(shape)) for shape in shapes]
        ones.append(nn.Parameter(new(6, 11).t()))
        optimizer = getattr(optim, title)(ones)
        for _ in range(5):
            for one in ones:
                one.grad = new(one.shape)
            optimizer.step(loss=0.7)
        results.append(torch.cat([one.detach().reshape(-1) for one in ones]))
    sums = catalogue.find("optimizer", getattr(optim, title).rule).CARD.scope != "element"
    for one in results[1:]:
        torch.testing.assert_close(one, results[0], rtol=1e-12 * sums, atol=1e-12 * sums, equal_nan=True)


@pytest.mark.parametrize("title", [t for t in TITLES if hasattr(getattr(optim, t), "eval")])
@pytest.mark.parametrize("evaluating", [False, True])
def test_reading_rules_have_two_modes(title, evaluating, network, train, weights):
    model = network()
    optimizer = getattr(optim, title)(model.parameters(), lr=0.02)
    train(model, optimizer, 4)
    trained = weights(model)
    optimizer.eval()
    optimizer.eval()
    read = weights(model)
    assert not torch.equal(read, trained)
    with pytest.raises(ValueError, match=r"call optimizer.train\(\)"):
        optimizer.step(loss=1.0)
    optimizer.train()
    optimizer.train()
    same(weights(model), trained)
    if evaluating:
        optimizer.eval()
    again = network()
    again.load_state_dict(model.state_dict())
    other = getattr(optim, title)(again.parameters())
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for one, by in ((model, optimizer), (again, other)):
        by.train()
        train(one, by, 3, start=4)
    same(weights(again), weights(model))


def test_reading_is_the_authors(network, train, weights):
    """Schedule-free AdamW's evaluated weights, as the authors' package has them."""
    import schedulefree

    walked = []
    for make in (optim.AdamWScheduleFree, schedulefree.AdamWScheduleFree):
        model = network()
        optimizer = make(model.parameters(), lr=0.02)
        optimizer.train()
        train(model, optimizer, 20)
        optimizer.eval()
        walked.append(weights(model))
    torch.testing.assert_close(*walked, rtol=1e-9, atol=1e-9)


def test_every_element_rule_has_a_program():
    """Or its file must say why; without one a rule is run as it stands, several times slower."""
    from shoal.optim import program

    for title in TITLES:
        rule = catalogue.find("optimizer", getattr(optim, title).rule)
        if rule.CARD.scope == "element":
            assert program.compiled(rule, torch.float32) is not None, title
            assert set(walks.numbers(rule)) == set(program.compiled(rule, torch.float32).scalars)
