"""The lines of torch that are told run, and do what the technique does, for the whole catalogue."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from population.members import recipe_with
from shoal import catalogue
from shoal.experiments.code_change import code_change
from shoal.population.recipe import Recipe
from shoal.techniques.kinds import Seen

STEPS = 60
EVERY = [(kind, name) for kind in catalogue.kinds() for name in catalogue.names(kind)]


def of_kind(kind, place=None):
    """The names of a kind's techniques that torch has, of one place where it is given."""
    found = [name for name in catalogue.names(kind) if catalogue.find(kind, name).CARD.torch]
    return [one for one in found if place is None or place == catalogue.find(kind, one).PLACE]


def of_weights(name):
    """Whether a normalization acts on weights."""
    return getattr(catalogue.find("normalization", name), "PLACE", "") == "weight"


def chosen(kind, name, share=0.4):
    """A recipe with the technique, its hyperparameters away from their defaults and of few digits."""
    recipe = recipe_with(kind, name, Recipe(), share)
    if kind in catalogue.SWITCHED and not any(one.startswith(f"{name}.") for one in recipe.hyper):
        defaults = catalogue.find(kind, name).Hyper()._asdict()
        recipe = replace(recipe, hyper={f"{name}.{field}": value for field, value in defaults.items()})
    return replace(recipe, hyper={key: float(f"{value:.3g}") for key, value in recipe.hyper.items()})


def told(kind, name):
    """The lines that bring the technique into a recipe, and its hyperparameters as numbers."""
    after = chosen(kind, name)
    before = replace(after, hyper={key: one for key, one in after.hyper.items() if name not in key})
    if kind == "link":
        before = replace(before, optimizer=Recipe.optimizer)
    elif kind not in catalogue.SWITCHED:
        other = next(one for one in catalogue.names(kind) if one != name)
        before = replace(before, **{kind: other})
    module = catalogue.find(kind, name)
    hyper = {**module.Hyper()._asdict(), **after.hyper_of(name)}
    return code_change(before, after, STEPS), module, module.Hyper(**hyper)


class Net(nn.Module):
    """A small network in float64."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(300, 200), nn.Linear(200, 3)
        self.double()


def run(lines, **names):
    """What the names hold after the lines."""
    namespace = {"torch": torch, "model": Net(), "step": STEPS, **names}
    if "optimizer" not in namespace:
        namespace["optimizer"] = torch.optim.SGD(namespace["model"].parameters(), lr=0.5)
    namespace |= {"loss": torch.zeros((), dtype=torch.float64), "valid_loss": 1.0, "train_set": range(9)}
    exec("\n".join(lines), namespace)
    return namespace


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_technique_has_lines_that_run_or_is_told_with_its_file(kind, name):
    lines, module, _ = told(kind, name)
    if module.CARD.torch or kind in ("optimizer", "link"):
        run(lines)
        assert not any("torch has no such thing" in line for line in lines)
        return
    (line,) = [line for line in lines if "torch has no such thing" in line]
    assert line.startswith(f"# {name}") and module.CARD.summary in line
    file = line.rpartition("see ")[2]
    assert (Path(catalogue.__file__).parents[1] / file).samefile(module.__file__)


@pytest.mark.parametrize("name", of_kind("optimizer"))
def test_optimizers_step_like_the_rule(name):
    lines, rule, hyper = told("optimizer", name)
    parameter = torch.linspace(-1, 1, 12, dtype=torch.float64)
    model = nn.ParameterList([nn.Parameter(parameter.clone())])
    optimizer = run(lines, model=model)["optimizer"]
    state = rule.init(parameter, hyper)
    for step in range(30):
        source = torch.Generator().manual_seed(step)
        gradient = parameter + torch.randn(12, generator=source, dtype=torch.float64)
        seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
        change, state = rule.update(seen, state, parameter, hyper)
        parameter = parameter + change
        model[0].grad = gradient
        optimizer.step()
        torch.testing.assert_close(model[0].detach(), parameter, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(catalogue.names("optimizer")) - set(of_kind("optimizer"))))
def test_rules_that_torch_has_not_are_shoals_classes_with_the_recipes_numbers(name):
    lines, rule, hyper = told("optimizer", name)
    assert lines[0] == "import shoal"
    optimizer = run(lines)["optimizer"]
    assert optimizer.rule == name
    (group,) = optimizer.param_groups
    found = {**group, **dict(zip(("beta1", "beta2", "beta3"), group.get("betas", ()), strict=False))}
    assert {field: found[field] for field in hyper._fields} == pytest.approx(hyper._asdict())
    assert any("optimizer.eval() before evaluating" in line for line in lines) == hasattr(rule, "read")


@pytest.mark.parametrize("name", of_kind("link", "gradient"))
def test_links_make_the_same_gradients(name):
    lines, module, hyper = told("link", name)
    model = Net()
    for one in model.parameters():
        one.grad = torch.randn_like(one)
    before = [one.grad.clone() for one in model.parameters()]
    run(lines, model=model)
    for one, gradient in zip(model.parameters(), before, strict=True):
        seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
        expected, _ = module.apply(seen, module.init(gradient, hyper), one.detach(), hyper)
        torch.testing.assert_close(one.grad, expected)
    assert not torch.equal(model.first.weight.grad, before[0])


def test_a_split_has_an_optimizer_a_branch_and_every_parameter_in_one():
    after = Recipe(
        optimizer="matrix:centralize+adam|bias-head:lion|sgd",
        schedule="cosine",
        hyper={"matrix.adam.lr": 0.5, "bias-head.lion.lr": 0.25, "sgd.lr": 0.125},
    )
    lines = code_change(Recipe(), after, STEPS)
    assert "one for each of matrix_optimizer, bias_head_optimizer, optimizer" in "".join(lines)
    model = nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.Linear(4, 4), nn.Linear(4, 3))
    for one in model.parameters():
        one.grad = torch.ones_like(one)
    made = run(lines, model=model)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    held = {
        each: {names[id(one)] for one in made[each].param_groups[0]["params"]}
        for each in ("matrix_optimizer", "bias_head_optimizer", "optimizer")
    }
    assert held == {
        "matrix_optimizer": {"0.weight", "2.weight"},
        "bias_head_optimizer": {"0.bias", "2.bias", "3.bias", "3.weight"},
        "optimizer": {"1.weight", "1.bias"},
    }
    assert [made[each].param_groups[0]["initial_lr"] for each in ("optimizer",)] == [0.125]
    assert (made["matrix_optimizer"].defaults["lr"], made["bias_head_optimizer"].defaults["lr"]) == (
        0.5,
        0.25,
    )
    assert not model[0].weight.grad.any() and model[3].weight.grad.all()


def test_what_torch_has_no_lines_for_is_composed_in_one():
    hyper = {"matrix.lion.lr": 0.25, "matrix.sam.rho": 0.5, "adam.lr": 0.125, "cautious.eps": 0.5}
    after = Recipe(optimizer="matrix:sam+lion|adam+cautious", schedule="cosine", hyper=hyper)
    lines = code_change(Recipe(), after, STEPS)
    made = run(lines)["optimizer"]
    assert lines[:2] == ["import shoal", "# loss = optimizer.step(closure), see docs/drop-ins.md"]
    assert [group["chain"] for group in made.param_groups] == ["sam+lion", "adam+cautious"]
    assert [group["initial_lr"] for group in made.param_groups] == [0.25, 0.125]
    assert (made.param_groups[0]["sam.rho"], made.param_groups[1]["cautious.eps"]) == (0.5, 0.5)
    assert not any("torch has no such thing" in line for line in lines)


def test_a_rule_that_keeps_its_numbers_is_told_again_when_it_moves_fewer_parameters():
    lines = code_change(Recipe(), Recipe(optimizer="matrix:sgd|adam"), STEPS)
    assert any(line.startswith("optimizer = torch.optim.Adam([one for name") for line in lines)


def test_links_that_are_gone_are_told():
    lines = code_change(Recipe(optimizer="sam+adam"), Recipe(), STEPS)
    assert lines == ["# without link sam"]


@pytest.mark.parametrize("name", of_kind("schedule"))
def test_schedules_are_stepped_a_batch_and_have_the_rules_values(name):
    lines, rule, hyper = told("schedule", name)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    if "max_lr" in "\n".join(lines):  # its peak is the recipe's lr
        lines = [line.replace("max_lr=0.001", "max_lr=1.0") for line in lines]
    scheduler = run([line.replace("* 0.001", "* 1.0") for line in lines], optimizer=optimizer)["scheduler"]
    for step in range(STEPS + 1):
        expected = float(rule.value(torch.tensor(step / STEPS, dtype=torch.float64), hyper))
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected, rel=1e-9, abs=1e-12), step
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("name", of_kind("activation"))
def test_activations_are_the_function(name):
    lines, module, hyper = told("activation", name)
    function = run(lines)["activation"]
    x, place = torch.linspace(-6, 6, 101), getattr(module, "PLACE", "")
    if place == "gated":
        x = torch.randn(50, 8)
        expected = module.apply(x[:, :4], x[:, 4:], hyper)
    else:
        expected = module.apply(x, *((module.init(hyper),) if place == "learned" else ()), hyper)
    torch.testing.assert_close(function(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [one for one in of_kind("normalization") if of_weights(one)])
def test_normalized_weights_begin_as_they_were_and_are_the_same_functions(name):
    lines, module, hyper = told("normalization", name)
    model = Net()
    drawn = model.first.weight.detach().clone()
    run(lines, model=model)
    torch.testing.assert_close(model.first.weight.detach(), drawn)
    assert not hasattr(model.last, "parametrizations")
    made = model.first.parametrizations.weight
    length, direction = made.original0, made.original1
    with torch.no_grad():
        length.mul_(torch.rand_like(length))
    expected = module.apply(direction.detach(), length.detach()[:, 0], hyper)
    torch.testing.assert_close(model.first.weight.detach(), expected)


@pytest.mark.parametrize("name", [one for one in of_kind("normalization") if not of_weights(one)])
def test_normalizations_do_the_same_to_a_batch(name):
    lines, module, hyper = told("normalization", name)
    layer = run(lines)["normalization"].double()
    x = 3 + 2 * torch.randn(50, Recipe().width, dtype=torch.float64)
    if hasattr(module, "State"):
        state = module.State(*(one.double() for one in module.init(Recipe().width)))
        expected, state = module.apply(x, state, torch.ones(50, dtype=torch.float64), hyper, True)
        torch.testing.assert_close(layer(x), expected, rtol=1e-6, atol=1e-6)
        expected, _ = module.apply(x, state, torch.ones(50), hyper, False)
        torch.testing.assert_close(layer.eval()(x), expected, rtol=1e-6, atol=1e-6)
    else:
        torch.testing.assert_close(layer(x), module.apply(x, hyper), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", of_kind("initializer"))
def test_initializers_draw_from_the_same_distribution(name):
    lines, module, hyper = told("initializer", name)
    torch.manual_seed(0)
    model = run(lines, model=Net().float())["model"]
    ours = module.draw((200, 300), torch.Generator().manual_seed(1), hyper)
    share = torch.linspace(0.001, 0.999, 41)
    theirs, own = (torch.quantile(one.flatten(), share) for one in (model.first.weight.detach(), ours))
    torch.testing.assert_close(theirs, own, rtol=0.05, atol=float(0.05 * ours.std()))
    bias = model.first.bias.detach()
    if hasattr(module, "draw_bias"):
        drawn = module.draw_bias((20_000,), 300, torch.Generator().manual_seed(2), hyper)
        assert float(bias.std()) == pytest.approx(float(drawn.std()), rel=0.2)
    else:
        assert not bias.any()


@pytest.mark.parametrize("name", of_kind("regularizer", "loss"))
def test_penalties_add_the_same_to_the_loss(name):
    lines, module, hyper = told("regularizer", name)
    after = run(lines)
    parts = after["model"].named_parameters()
    roles = [("bias" if one.ndim < 2 else "matrix", one) for _, one in parts]
    expected = sum(module.penalty(one, role, hyper) for role, one in roles)
    torch.testing.assert_close(after["loss"], expected)


@pytest.mark.parametrize("name", of_kind("regularizer", "gradient"))
def test_gradients_are_changed_alike(name):
    lines, module, hyper = told("regularizer", name)
    model = Net()
    for one in model.parameters():
        one.grad = torch.randn_like(one)
    before = torch.cat([one.grad.flatten() for one in model.parameters()])
    run(lines, model=model)
    found = torch.cat([one.grad.flatten() for one in model.parameters()])
    assert not torch.equal(found, before)
    noise = (torch.tensor(5), torch.tensor(float(STEPS), dtype=torch.float64))
    expected = module.apply(before, *noise, hyper)
    if torch.equal(expected, module.apply(before, noise[0] + 1, noise[1], hyper)):
        torch.testing.assert_close(found, expected)
    else:  # noise of as much spread
        assert float((found - before).std()) == pytest.approx(float((expected - before).std()), rel=0.02)


@pytest.mark.parametrize("name", of_kind("regularizer", "change"))
def test_weights_are_moved_alike_after_a_step(name):
    lines, module, hyper = told("regularizer", name)
    model = Net()
    with torch.no_grad():
        for one in model.parameters():
            one.mul_(20)
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    run(lines, model=model)
    for part, role in (("first.weight", "matrix"), ("first.bias", "bias"), ("last.weight", "head")):
        expected = module.project(before[part], role, hyper)
        torch.testing.assert_close(model.get_parameter(part).detach(), expected, rtol=1e-6, atol=1e-6)
    assert not torch.equal(model.first.weight.detach(), before["first.weight"])


@pytest.mark.parametrize("name", of_kind("regularizer", "average"))
def test_averages_of_the_weights_are_the_same(name):
    lines, module, hyper = told("regularizer", name)
    making = [line for line in lines if "update_parameters" not in line and not line.startswith("if ")]
    updating = [line for line in lines if line not in making and not line.startswith("#")]
    model = Net()
    names = run(making, model=model)
    state = module.init(model.first.weight.detach(), hyper)
    for step in range(1, STEPS + 1):
        with torch.no_grad():
            model.first.weight.add_(torch.randn(200, 300, dtype=torch.float64))
        names["step"] = step
        exec("\n".join(updating), names)
        progress = torch.tensor(step / STEPS, dtype=torch.float64)
        state = module.observe(state, model.first.weight.detach(), progress, hyper)
    expected = module.read(state, model.first.weight.detach(), hyper)
    assert not torch.equal(expected, model.first.weight.detach())
    torch.testing.assert_close(names["averaged"].module.first.weight.detach(), expected)


@pytest.mark.parametrize("name", of_kind("regularizer", "target"))
def test_losses_aim_at_the_same_targets(name):
    lines, module, hyper = told("regularizer", name)
    outputs, classes = torch.randn(40, 5, dtype=torch.float64), torch.arange(40) % 5
    aim = module.apply(nn.functional.one_hot(classes, 5).double(), hyper)
    expected = -(aim * outputs.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(run(lines)["criterion"](outputs, classes), expected)


@pytest.mark.parametrize("name", of_kind("regularizer", "activation"))
def test_activations_are_silenced_as_often_and_made_as_loud(name):
    lines, module, hyper = told("regularizer", name)
    theirs = run(lines)["dropout"](torch.ones(200_000))
    ours = module.apply(torch.ones(200_000), torch.tensor(3), hyper)
    assert float((theirs == 0).double().mean()) == pytest.approx(float((ours == 0).double().mean()), abs=0.01)
    assert theirs.max() == pytest.approx(float(ours.max()))


@pytest.mark.parametrize("name", of_kind("controller"))
def test_controllers_scale_the_rate_alike(name):
    lines, module, hyper = told("controller", name)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    names = run([line.replace("* 0.001", "* 1.0") for line in lines[:-1]], optimizer=optimizer)
    state = module.init(hyper)
    for epoch in range(200):
        names["valid_loss"] = 1.0 + 0.3 * (epoch % 7 == 3) - 0.002 * min(epoch, 50)
        exec(lines[-1], names)
        state, decision = module.observe(state, torch.tensor(names["valid_loss"]), hyper)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(float(decision.lr_scale), rel=1e-9)
    assert float(decision.lr_scale) < 1


def test_equal_recipes_change_nothing():
    assert code_change(Recipe(), Recipe(hyper={"adam.lr": 1e-3}), STEPS) == []


def test_only_what_differs_is_told_in_the_order_of_a_program():
    after = Recipe(
        width=96, batch_size="all", activation="gelu", optimizer="adamw", schedule="cosine",
        device="cuda", hyper={"adamw.lr": 0.0031622, "dropout.rate": 0.1},
    )  # fmt: skip
    assert code_change(Recipe(), after, 1500) == [
        "# width: 96, not 64",
        "loader = torch.utils.data.DataLoader(train_set, batch_size=len(train_set), shuffle=True)",
        'model = model.to("cuda")  # and every batch',
        "# after each hidden layer",
        "activation = torch.nn.GELU()",
        "optimizer = torch.optim.AdamW(model.parameters(), lr=0.003162, betas=(0.9, 0.999), eps=1e-08, "
        "weight_decay=0.01)",
        "# scheduler.step() after each batch",
        "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=1500, eta_min=0)",
        "# after each hidden layer's activation",
        "dropout = torch.nn.Dropout(0.1)",
    ]


def test_a_schedule_is_made_anew_for_another_optimizer():
    before = Recipe(schedule="cosine")
    lines = code_change(before, replace(before, optimizer="sgd"), STEPS)
    assert any("SGD" in line for line in lines) and any("CosineAnnealingLR" in line for line in lines)


def test_rules_one_after_the_other_say_when():
    lines = code_change(Recipe(), Recipe(optimizer="sgd>adam@0.3"), STEPS)
    assert lines[0] == "# from 0% to 30% of the steps" and lines[2] == "# from 30% to 100% of the steps"


def test_own_files_are_told_by_their_path_and_own_classes_by_their_call(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import torch\nclass Slow(torch.optim.SGD):\n"
        "    def __init__(self, params, lr=0.01, momentum=0.0):\n"
        "        super().__init__(params, lr=lr, momentum=momentum)\n"
    )
    after = Recipe(optimizer=f"{tmp_path}/mine.py:Slow", hyper={"Slow.lr": 0.02})
    lines = code_change(Recipe(), after, STEPS)
    assert lines == ["optimizer = Slow(model.parameters(), lr=0.02, momentum=0)"]
    rule = tmp_path / "rule.py"
    source = Path(catalogue.find("optimizer", "sgd").__file__).read_text()
    rule.write_text("".join(line for line in source.splitlines(True) if "torch=" not in line))
    (line,) = code_change(Recipe(), Recipe(optimizer=str(rule)), STEPS)
    assert line.startswith("# rule (lr 0.01): ") and line.endswith(f"see {rule}")


def test_what_the_winner_has_not_is_told():
    before = Recipe(normalization="batch_norm", hyper={"dropout.rate": 0.1})
    assert code_change(before, Recipe(), STEPS) == [
        "# without normalization batch_norm",
        "# without regularizer dropout",
    ]


def test_own_networks_are_told_nothing_of_their_layers():
    before = Recipe(network="own", initializer="own")
    lines = code_change(before, replace(before, width=5, activation="gelu", optimizer="sgd"), STEPS)
    assert lines == ["optimizer = torch.optim.SGD(model.parameters(), lr=0.01)"]


def test_channels_of_a_convnet_are_its_stages():
    before = Recipe(network="convnet")
    lines = code_change(before, replace(before, normalization="batch_norm"), STEPS)
    assert lines[1] == "normalization = torch.nn.BatchNorm2d(channels, momentum=0.1, eps=1e-05)"


def test_a_gate_is_told_with_what_its_linear_maps_must_be():
    (where, *_), _, _ = told("activation", "swiglu")
    assert where == "# after each hidden layer, whose linear map has 2 times the outputs"


@pytest.mark.parametrize(
    ("network", "axis"), [("convnet", 1), ("resnet", 1), ("text_convnet", 1), ("vit", -1), ("mlp", -1)]
)
def test_a_gate_halves_channels_where_they_stand(network, axis):
    before = Recipe(network=network)
    lines = code_change(before, replace(before, activation="swiglu"), STEPS)
    x = torch.randn(2, 6, 4, 8)
    assert run(lines)["activation"](x).shape == ((2, 3, 4, 8) if axis == 1 else (2, 6, 4, 4))


@pytest.mark.parametrize("name", of_kind("regularizer", "branch"))
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_branches_are_silenced_as_often_and_made_as_loud(name, share):
    lines, module, hyper = told("regularizer", name)
    assert any("x + drop(branch, share)" in line for line in lines)
    theirs = run(lines)["drop"](torch.ones(60_000, 2), share)
    ours = module.apply(torch.ones(60_000, 2), torch.tensor(3), share, hyper)
    assert torch.equal(theirs[:, 0], theirs[:, 1])
    assert float((theirs == 0).double().mean()) == pytest.approx(float((ours == 0).double().mean()), abs=0.01)
    assert theirs.max() == pytest.approx(float(ours.max()))


def moments(made, x):
    """Numbers of what was made of many equal rows ``x``: how it differs, on the average and by row."""
    rows = (made - x).flatten(1)
    return torch.stack([rows.mean(), rows.std(), rows.mean(1).std(), rows.std(1).std()])


@pytest.mark.parametrize("name", of_kind("augmentation", "inputs"))
def test_inputs_are_changed_as_much(name):
    """Of equal rows, so that only chance differs; swapping needs rows that differ."""
    lines, module, hyper = told("augmentation", name)
    torch.manual_seed(0)
    count = 1 if name == "swap_noise" else 4000
    x = torch.randn(4000 // count, 3, 8, 8, dtype=torch.float64).repeat(count, 1, 1, 1)
    if module.INPUTS == "tokens":
        x = (3 * x.abs()).floor()
    ours, theirs = module.apply(x, torch.tensor(3), hyper), run(lines)[name](x)
    torch.testing.assert_close(moments(theirs, x), moments(ours, x), rtol=0.06, atol=0.006)
    assert not torch.equal(ours, x)


@pytest.mark.parametrize("name", of_kind("augmentation", "pairs"))
def test_pairs_are_mixed_as_much(name):
    """Images of one color stay as bright as their aims say; mixing lowers the aims' variance as much."""
    lines, module, hyper = told("augmentation", name)
    torch.manual_seed(0)
    source = torch.randint(1, 9, (5, 1, 1, 1)).double()
    x, y = source.expand(5, 2, 12, 12).clone(), source.view(5, 1)
    theirs = run(lines)[name]
    variance = []
    for make in (theirs, lambda x, y: module.apply(x, y, torch.randint(1 << 30, ()), hyper)):
        made = [make(x, y) for _ in range(600)]
        for one, aim in made:
            torch.testing.assert_close(one.mean((1, 2, 3)), aim[:, 0], rtol=1e-6, atol=1e-6)
        variance.append(float(torch.stack([aim.var() for _, aim in made]).mean() / y.var()))
    assert variance[0] == pytest.approx(variance[1], abs=0.04)
    assert 0.4 < variance[0] < 0.9


@pytest.mark.parametrize("name", of_kind("regularizer", "output"))
def test_outputs_cost_the_same(name):
    lines, module, hyper = told("regularizer", name)
    outputs = 3 * torch.randn(40, 5, dtype=torch.float64)
    torch.testing.assert_close(run(lines)["penalty"](outputs), module.penalty(outputs, hyper).mean())
