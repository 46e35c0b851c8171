"""Regularizers in whole training steps against plain torch, and what the engine does with their places."""

import itertools
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from population.members import PROGRAMS, begin, go_on, table
from shoal.errors import UserError
from shoal.population import cache, links, operators, planner
from shoal.population.evaluate import losses_and_scores
from shoal.population.randomness import order
from shoal.population.recipe import Job, Recipe
from shoal.population.stack import Stack, merge
from shoal.population.template import template

EPOCHS = 6
BASE = Recipe(width=8, depth=2, batch_size=16, epochs=EPOCHS, normalization="batch_norm")
BASE = BASE.with_hyper(adam__lr=0.02)
IN_THE_LOSS = {"l1.coefficient": 0.01, "label_smoothing.smoothing": 0.2}
IN_THE_LOSS |= {"elastic_net.coefficient": 0.02, "elastic_net.l1_ratio": 0.3}
BESIDE = {"clip_norm.max_norm": 0.4, "max_norm.max_norm": 0.9, "ema.decay": 0.7}
CASES = {
    "in the loss": IN_THE_LOSS,
    "clip_norm": {"clip_norm.max_norm": 0.4},
    "max_norm": {"max_norm.max_norm": 0.9},
    "ema": {"clip_norm.max_norm": 0.4, "ema.decay": 0.7},
    "swa": {"max_norm.max_norm": 0.9, "swa.start": 0.4},
    "all": IN_THE_LOSS | BESIDE,
}


def with_hyper(hyper: dict[str, float], recipe: Recipe = BASE) -> Recipe:
    return replace(recipe, hyper={**recipe.hyper, **hyper})


def perceptron() -> nn.Module:
    """torch's own layers in the order of shoal's MLP of width 8 and depth 2."""
    layers: list[nn.Module] = []
    for inputs in (6, 8):
        layers += [nn.Linear(inputs, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(8, 3)).double().train()


class Loop:
    """A training loop as people write it, with everything that a recipe's hyper names."""

    def __init__(self, task, job: Job):
        self.task, self.job, self.given = task, job, job.recipe.hyper
        self.network, self.done, self.epoch = perceptron(), 0, -(-task.train_rows // 16)
        first = begin(task, [job]).stack
        for value, drawn in zip(self.network.parameters(), first.template.views(first.flat), strict=True):
            value.data.copy_(drawn[0])
        self.optimizer = torch.optim.Adam(self.network.parameters(), self.given["adam.lr"])
        decay = self.given.get("ema.decay")
        way = None if decay is None else get_ema_multi_avg_fn(decay)
        self.averaged = AveragedModel(self.network, multi_avg_fn=way, use_buffers=True)

    def step(self) -> None:
        prepared, given = self.task.prepare(self.job.seed), self.given
        shuffled = prepared.train[order(self.job.seed, self.done // self.epoch, self.task.train_rows)]
        rows = shuffled.split(16)[self.done % self.epoch]
        smoothing = given.get("label_smoothing.smoothing", 0.0)
        output = self.network(prepared.x[rows].double())
        loss = F.cross_entropy(output, prepared.y[rows], label_smoothing=smoothing)
        weights = [value for value in self.network.parameters() if value.ndim > 1]
        sizes, squares = sum(w.abs().sum() for w in weights), sum((w**2).sum() for w in weights)
        ratio = given.get("elastic_net.l1_ratio", 0.5)
        loss = loss + given.get("l1.coefficient", 0.0) * sizes
        loss = loss + given.get("elastic_net.coefficient", 0.0) * (ratio * sizes + (1 - ratio) / 2 * squares)
        self.optimizer.zero_grad()
        loss.backward()
        if "clip_norm.max_norm" in given:
            nn.utils.clip_grad_norm_(self.network.parameters(), given["clip_norm.max_norm"])
        self.optimizer.step()
        for unit in (unit for weight in weights[:-1] for unit in weight.data):
            unit *= min(1.0, given.get("max_norm.max_norm", float("inf")) / float(unit.norm()))
        self.done += 1
        if self.done > given.get("swa.start", 0.0) * EPOCHS * self.epoch:
            self.averaged.update_parameters(self.network)


def assert_equals(stack: Stack, network: nn.Module, tolerance: float) -> None:
    """One member's parameters and running statistics are the network's."""
    found = [own[0] for own in (*stack.template.views(stack.flat), *stack.buffers.values())]
    running = [value for name, value in network.named_buffers() if "running" in name]
    for own, plain in zip(found, [*network.parameters(), *running], strict=True):
        torch.testing.assert_close(own, plain.data, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_steps_equal_a_plain_torch_loop(name):
    task, job = table(), Job("one", with_hyper(CASES[name]), 3)
    loop, training = Loop(task, job), begin(task, [job])
    steps = EPOCHS * loop.epoch - 1  # at the last step the member ends and leaves its stack
    for step in range(steps):
        loop.step()
        go_on(training, 1)
        if step in (0, steps - 1):
            assert_equals(training.stack, loop.network, 1e-10 if step == 0 else 1e-8)
    evaluated = training.stack.evaluated()
    averages = {"ema", "swa", "all"}
    assert_equals(evaluated, loop.averaged.module if name in averages else loop.network, 1e-8)
    moved = (evaluated.flat - training.stack.flat).abs().max()
    assert (moved > 1e-3) == (name in averages)


@pytest.mark.parametrize("name", ["ema", "swa"])
def test_an_outcome_is_the_averaged_networks(name):
    task, job = table(), Job("one", with_hyper(CASES[name]), 3)
    loop, shown = Loop(task, job), []
    for _ in range(EPOCHS * loop.epoch):
        loop.step()
    training = begin(task, [job])
    training.on_end = shown.append
    (outcome,) = training.run()
    assert_equals(shown[0], loop.averaged.module, 1e-8)
    prepared, network = task.prepare(3), loop.averaged.module.eval()
    output = network(prepared.x.double())
    for part in ("train", "valid"):
        rows = getattr(prepared, part)
        expected = F.cross_entropy(output[rows], prepared.y[rows]).item()
        assert getattr(outcome, f"{part}_loss") == pytest.approx(expected, rel=1e-8)
    expected = (output[prepared.test].argmax(1) == prepared.y[prepared.test]).double().mean().item()
    assert outcome.test_score == expected


def test_early_stopping_watches_and_keeps_the_averaged_weights():
    task = table()
    recipe = replace(with_hyper(CASES["ema"]), controller="early_stopping", epochs=40)
    (outcome,) = begin(task, [Job("one", recipe.with_hyper(early_stopping__patience=3), 4)]).run()
    free = begin(task, [Job("one", replace(recipe, controller="none"), 4)])
    losses: list[float] = []
    while len(losses) < 4 or min(losses[-3:]) < min(losses[:-3]):
        go_on(free, -(-task.train_rows // 16))
        losses.append(float(losses_and_scores(task, free.data, free.stack.evaluated(), "valid")[0][0]))
    assert outcome.valid_loss == pytest.approx(min(losses), rel=1e-12)
    assert outcome.steps == len(losses) * -(-task.train_rows // 16)
    assert 4 < len(losses) < 40, "the best weights must be neither the first nor the last"


def test_weight_noise_moves_the_gradient_but_not_what_is_evaluated():
    """With a rate of nearly zero nothing is learned, so the loss is that of the first weights."""
    task, quiet = table(), replace(BASE, optimizer="sgd", normalization="none")
    noisy = with_hyper({"weight_noise.std": 0.5}, quiet)
    still = [Job("one", recipe.with_hyper(sgd__lr=1e-300), 3) for recipe in (quiet, noisy)]
    losses = [next(begin(task, [job]).run()).train_loss for job in still]
    assert losses[0] == losses[1]
    flats = [go_on(begin(task, [Job("one", recipe, 3)]), 1).stack.flat for recipe in (quiet, noisy)]
    assert not torch.allclose(*flats)


def test_other_links_are_other_stacks():
    task = table()
    recipes = [BASE, *(with_hyper(CASES[name]) for name in ("clip_norm", "ema", "max_norm"))]
    assert len({planner.stack_key(task, recipe) for recipe in recipes}) == len(recipes)
    again = with_hyper({"clip_norm.max_norm": 7.0})
    assert planner.stack_key(task, again) == planner.stack_key(task, recipes[1])
    jobs = [Job(str(number), recipe, 0) for number, recipe in enumerate(recipes[:2])]
    with pytest.raises(ValueError, match="1 has other regularizers beside its rule"):
        begin(task, jobs)
    with pytest.raises(ValueError, match="merged"):
        merge([begin(task, [job]).stack for job in jobs])


def test_memory_counts_what_an_average_keeps():
    """One number more for each parameter and running statistic; clipping and projecting keep none."""
    task, found = table(), {}
    for name in ("clip_norm", "max_norm", "ema"):
        training = begin(task, [Job("one", with_hyper(CASES[name]), 0)])
        found[name] = next(training.run()).memory
    assert found["clip_norm"] == found["max_norm"]
    kept = 8 * training.stack.template.parameters + 4 * 32  # bytes; buffers are counted in single precision
    assert found["ema"] - found["clip_norm"] == kept


def test_one_gradient_program_serves_with_and_without_links():
    task = table()
    plain, linked = (begin(task, [Job("one", with_hyper(hyper), 0)]) for hyper in ({}, CASES["ema"]))
    assert plain.gradient is linked.gradient
    assert PROGRAMS.of([(linked.stack.template, 16, linked.stack.jobs[0].recipe)])[2:] == [
        linked.rules["clip_norm"],
        linked.rules["ema"],
    ]


@pytest.mark.skipif(cache.compiler() is None, reason="needs a C++ compiler")
@pytest.mark.compiler
def test_a_compiled_projection_changes_views_of_any_size_in_place():
    """A package checks no strides: here are those of networks of other widths, alone and in company."""
    operators.build()
    networks = [template(table(), replace(BASE, width=width)) for width in (8, 3, 20)]
    (make,) = links.wanted(["max_norm"], networks[0], torch.float32, "cpu").values()
    program = make()
    program.compile()
    assert program.load()
    for made, members in itertools.product(networks, (1, 5)):
        flat = torch.randn(members, made.parameters, generator=torch.Generator().manual_seed(members))
        bounds = torch.linspace(0.5, 2.0, members)
        for name, value in zip(made.shapes, made.views(flat), strict=True):
            before = value.clone()
            if made.roles[name] == "matrix":
                program([value, bounds])
                expected = [one.renorm(2, 0, float(c)) for one, c in zip(before, bounds, strict=True)]
                torch.testing.assert_close(value, torch.stack(expected), rtol=1e-5, atol=1e-6)
                assert not torch.equal(value, before)


@pytest.mark.parametrize("normalization", ["layer_norm", "group_norm", "rms_norm"])
def test_what_sees_channels_together_is_not_padded(normalization):
    task = table()
    narrow, wide = (replace(BASE, width=width, normalization=normalization) for width in (8, 12))
    assert planner.stack_key(task, narrow) != planner.stack_key(task, wide)
    both = [planner.stack_key(task, replace(one, normalization="batch_norm")) for one in (narrow, wide)]
    assert both[0] == both[1]


def test_noise_on_gradients_is_never_padded():
    """It is drawn by position, and a wide network's positions are others; clipping draws none."""
    task, hyper = table(), {"gradient_noise.eta": 0.1, "clip_norm.max_norm": 0.4}
    narrow, wide = (replace(with_hyper(hyper), width=width) for width in (8, 12))
    assert planner.stack_key(task, narrow) != planner.stack_key(task, wide)
    both = [replace(one, hyper=CASES["clip_norm"]) for one in (narrow, wide)]
    assert planner.stack_key(task, both[0]) == planner.stack_key(task, both[1])


def test_gradient_noise_follows_clipping_and_is_new_at_every_step():
    """With SGD at a rate of 1 a step is the clipped gradient and the noise of that step."""
    task, quiet = table(), replace(BASE, optimizer="sgd", hyper={"sgd.lr": 1.0, "clip_norm.max_norm": 1e-9})
    noisy, sizes, moves = quiet.with_hyper(gradient_noise__eta=0.3, gradient_noise__gamma=1.5), [], []
    training = begin(task, [Job("one", noisy, 3)])
    for step in range(12):
        before = training.stack.flat.clone()
        moves.append(go_on(training, 1).stack.flat - before)
        sizes.append(0.3 / (1 + step) ** 1.5)
    units = torch.cat(moves) / torch.tensor(sizes, dtype=torch.float64).sqrt()[:, None]
    count = units.numel()
    assert abs(units.var() - 1) < 4.5 * (2 / count) ** 0.5
    assert abs((units[1:] * units[:-1]).mean()) < 4.5 / (count - units.shape[1]) ** 0.5
    assert count > 2000


def test_padded_members_are_clipped_projected_and_averaged_as_alone():
    task = table()
    jobs = [Job(str(width), replace(with_hyper(BESIDE), width=width), width) for width in (5, 12, 3)]
    together = {one.name: one for one in begin(task, jobs).run()}
    for job in jobs:
        (single,) = begin(task, [job]).run()
        assert together[job.name].train_loss == pytest.approx(single.train_loss, rel=1e-8)


def test_two_averages_are_refused():
    with pytest.raises(UserError, match="ema and swa both say which weights are evaluated: choose one"):
        links.names(with_hyper({"ema.decay": 0.9, "swa.start": 0.5}))


PLACED = {
    "input_noise": {"input_noise.std": 0.3},
    "mixup": {"mixup.alpha": 2.0},
    "confidence_penalty": {"confidence_penalty.coefficient": 0.8},
    "stochastic_depth": {"stochastic_depth.rate": 0.6},
}


@pytest.mark.parametrize("name", PLACED)
def test_what_acts_in_training_only_moves_the_gradient_but_not_what_is_evaluated(name):
    """With a rate of nearly zero nothing is learned, so the loss is that of the first weights."""
    task, quiet = table(), replace(BASE, optimizer="sgd", normalization="none", residual=True)
    acting = with_hyper(PLACED[name], quiet)
    still = [Job("one", recipe.with_hyper(sgd__lr=1e-300), 3) for recipe in (quiet, acting)]
    losses = [next(begin(task, [job]).run()).train_loss for job in still]
    assert losses[0] == losses[1]
    flats = [go_on(begin(task, [Job("one", recipe, 3)]), 1).stack.flat for recipe in (quiet, acting)]
    assert not torch.allclose(*flats)


def test_normalized_weights_begin_at_what_the_initializer_drew():
    task, plain = table(), replace(BASE, normalization="none")
    drawn, normed = (
        begin(task, [Job("one", replace(plain, normalization=name), 3)]).stack
        for name in ("none", "weight_norm")
    )
    named = dict(zip(normed.template.shapes, normed.template.views(normed.flat), strict=True))
    for name, value in zip(drawn.template.shapes, drawn.template.views(drawn.flat), strict=True):
        assert torch.equal(named[name], value)
    length = named["hidden.0.0.length"][0]
    torch.testing.assert_close(length, named["hidden.0.0.weight"][0].norm(dim=1), rtol=1e-6, atol=0)


def test_padded_networks_of_normalized_weights_are_trained_as_alone():
    task = table()
    recipes = [replace(BASE, width=width, normalization="weight_norm") for width in (5, 12, 3)]
    assert len({planner.stack_key(task, recipe) for recipe in recipes}) == 1
    jobs = [Job(str(recipe.width), recipe, recipe.width) for recipe in recipes]
    together = {one.name: one for one in begin(task, jobs).run()}
    for job in jobs:
        (single,) = begin(task, [job]).run()
        assert together[job.name].train_loss == pytest.approx(single.train_loss, rel=1e-8)


@pytest.mark.parametrize(
    ("hyper", "said"),
    [
        ({"l1.coefficient": -1.0}, r"l1\.coefficient is -1, but must lie in \[0, inf\)"),
        ({"ema.decay": 1.0}, r"ema\.decay is 1, but must lie in \[0, 1\)"),
        ({"clip_norm.maxnorm": 1.0}, "there is no hyperparameter of clip_norm 'maxnorm'"),
        ({"label_smoothing.smooth": 0.1}, "there is no hyperparameter of label_smoothing 'smooth'"),
    ],
)
def test_wrong_numbers_are_refused(hyper, said):
    with pytest.raises(UserError, match=said):
        begin(table(), [Job("one", with_hyper(hyper), 0)])
