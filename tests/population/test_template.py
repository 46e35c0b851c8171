"""A network as the engine sees it: whose module it is, first draws, and what must not be mixed."""

import gc
from dataclasses import replace

import pytest
import torch
from torch import nn

from population.members import Own, Recurrent, alone, assert_same, begin, company, go_on, numbers, table
from shoal.errors import UserError
from shoal.population.gradient import stackable, why_alone
from shoal.population.recipe import Job, Recipe
from shoal.population.stack import Stack, merge
from shoal.population.template import initial, template

OWN = Recipe("own", initializer="own", optimizer="sgd", batch_size=16)


def parts(stack: Stack, row: int = 0) -> dict[str, torch.Tensor]:
    views = stack.template.views(stack.flat)
    return {name: value[row] for name, value in zip(stack.template.shapes, views, strict=True)}


def test_a_new_network_is_never_taken_for_one_that_is_gone():
    def parameters(width: int) -> int:
        task = table(network=nn.Sequential(nn.Linear(6, width), nn.Linear(width, 3)))
        return template(task, OWN).parameters

    for width in range(2, 10):
        assert parameters(width) == 7 * width + 3 * (width + 1)
        gc.collect()


def test_equal_seeds_draw_equal_weights_wherever_shapes_agree():
    def drawn(seed: int = 3, **changes: object) -> dict[str, torch.Tensor]:
        recipe = replace(Recipe(width=8, depth=2, batch_size=16), **changes)
        return parts(begin(table(), [Job("one", recipe, seed)]).stack)

    base = drawn()
    for changes in ({"depth": 3}, {"optimizer": "sgd"}, {"activation": "tanh"}, {"residual": True}):
        other = drawn(**changes)
        for name in base.keys() & other.keys():
            assert torch.equal(base[name], other[name]), (changes, name)
    wide, seed = drawn(width=9), drawn(seed=4)
    assert wide["hidden.0.0.weight"].shape != base["hidden.0.0.weight"].shape
    assert not torch.equal(seed["hidden.0.0.weight"], base["hidden.0.0.weight"])
    assert not torch.equal(base["hidden.0.0.weight"][:6, :6], base["hidden.1.0.weight"][:6, :6])


def test_an_own_network_keeps_its_own_draws_under_a_seed_and_torchs_generator_is_left_alone():
    task = table(network=Own)
    before = torch.get_rng_state()
    first, again, other = (initial(task, OWN, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert float(first.abs().max()) == 1.0, "torch's own: normalization scales are one, weights below"


def test_what_an_activation_learns_starts_as_it_says_whatever_the_initializer():
    recipe = Recipe(width=8, batch_size=16, activation="prelu", initializer="he_normal")
    first = parts(begin(table(), [Job("one", recipe, 3)]).stack)
    assert first["hidden.1.1.parameter"] == 0.25
    moved = parts(begin(table(), [Job("one", recipe.with_hyper(prelu__init=0.5), 3)]).stack)
    assert moved["hidden.1.1.parameter"] == 0.5
    task = table(network=lambda: nn.Sequential(nn.Linear(6, 4), nn.PReLU(init=0.75), nn.Linear(4, 3)))
    for initializer in ("own", "he_normal"):
        one = Job("one", replace(OWN, initializer=initializer), 3)
        assert parts(begin(task, [one]).stack)["1.weight"] == 0.75


def test_running_statistics_that_a_factory_gives_are_kept():
    def trained() -> nn.Module:
        made = Own()
        made.norm.running_mean.fill_(2.5)
        return made

    stack = begin(table(network=trained), [Job("one", OWN, 3)]).stack
    assert torch.equal(stack.buffers["norm.state_mean"], torch.full((1, 9), 2.5, dtype=torch.float64))


class Asks(nn.Module):
    """Another function in training than in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        return self.last(x) if self.training else 0 * self.last(x) + torch.tensor([0.0, 1.0, 0.0])


def test_a_module_that_asks_is_told_whether_it_trains():
    task = table(network=Asks)
    training = begin(task, [Job("one", replace(OWN, epochs=3), 3)])
    first = training.stack.flat.clone()
    (outcome,) = training.run()
    prepared = task.prepare(3)
    assert outcome.test_score == float((prepared.y[prepared.test] == 1).double().mean())
    assert not torch.equal(training.stack.flat, first)
    again = begin(task, [Job("one", replace(OWN, epochs=3), 3)])
    assert not torch.equal(go_on(again, 1).stack.flat, first), "it still trains after an evaluation"


class Fails(nn.Module):
    """Good in evaluation, and not in training."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        if self.training:
            raise KeyError("no such layer")
        return self.last(x)


def test_a_module_that_fails_in_training_is_told_in_one_sentence_with_its_place():
    with pytest.raises(
        UserError, match=r"raised KeyError at .*test_template\.py:\d+: 'no such layer'"
    ) as caught:
        go_on(begin(table(network=Fails), [Job("one", OWN, 3)]), 1)
    assert "\n" not in str(caught.value)


class Draws(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        return self.last(nn.functional.dropout(x, 0.5, self.training))


def test_noise_from_torchs_generator_is_refused():
    with pytest.raises(UserError, match=r"nn\.Dropout"):
        go_on(begin(table(network=Draws), [Job("one", OWN, 3)]), 1)


class Modern(nn.Module):
    """Layers whose traced gradients hold the number of members as a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(20, 9), nn.Linear(9, 3)

    def forward(self, x):
        x = nn.functional.layer_norm(self.first(x.flatten(1)), (9,))
        return self.last(nn.functional.gelu(x))


def written_out() -> nn.Module:
    first = (nn.Flatten(), nn.Linear(20, 9), nn.LayerNorm(9), nn.GELU())
    return nn.Sequential(*first, nn.Linear(9, 9), nn.GroupNorm(3, 9), nn.PReLU(), nn.Linear(9, 3))


def test_normalizations_and_gelu_as_layers_are_stackable():
    jobs = [Job("one", OWN, 3)]
    assert stackable(begin(table(features=(5, 4), network=written_out), jobs).stack.template)
    alone = begin(table(features=(5, 4), network=Modern), jobs).stack.template
    assert not stackable(alone) and why_alone(alone).startswith("torch cannot trace it for any number of")


@pytest.mark.parametrize("network", [Recurrent, Modern, written_out])
def test_what_one_program_cannot_carry_obeys_the_law_too(network):
    task = table(features=(5, 4), network=network)
    job = Job("subject", replace(OWN, optimizer="adam", epochs=20), 3)
    assert_same(numbers(go_on(begin(task, company(job, 3)), 30).stack, "subject"), alone(task, job, 30))


def test_members_of_unequal_width_obey_the_law_in_a_padded_stack():
    task = table()
    base = Recipe(
        depth=2, batch_size=16, epochs=20, residual=True, normalization="batch_norm", schedule="cosine"
    )
    jobs = [
        Job(str(width), replace(base, width=width, optimizer=rule).with_hyper(l2__coefficient=0.01), width)
        for width, rule in ((5, "adamw"), (12, "sgd"), (3, "adam"), (9, "rmsprop"), (7, "momentum"))
    ]
    training = go_on(begin(task, jobs), 11)
    training.stack = training.stack.select([0, 2, 3, 4, 2])
    go_on(training, 19)
    for row, job in enumerate(training.stack.jobs):
        single = go_on(begin(task, [job]), 30).stack
        for name, value in parts(single).items():
            padded = parts(training.stack, row)[name]
            corner = padded[tuple(slice(size) for size in value.shape)]
            torch.testing.assert_close(corner, value, rtol=1e-8, atol=1e-8)
            assert torch.count_nonzero(padded) <= value.numel(), "what is padded stays zero"


def test_outcomes_of_padded_members_are_their_own():
    task = table()
    jobs = [Job(str(width), Recipe(width=width, batch_size=16, epochs=6), 3) for width in (4, 12, 7)]
    together = {one.name: one for one in begin(task, jobs).run()}
    for job in jobs:
        (single,) = begin(task, [job]).run()
        for field in set(single._fields) - {"name", "seconds", "details"}:
            assert getattr(together[job.name], field) == pytest.approx(getattr(single, field), rel=1e-8), (
                field
            )
        assert together[job.name].details == pytest.approx(single.details)


UNLIKE = {
    "activation": "tanh",
    "depth": 3,
    "batch_size": 32,
    "controller": "early_stopping",
    "normalization": "batch_norm",
}


@pytest.mark.parametrize("field", UNLIKE)
def test_members_that_do_not_belong_together_are_refused(field):
    recipe = Recipe(width=8, batch_size=16)
    jobs = [Job("one", recipe, 1), Job("other", replace(recipe, **{field: UNLIKE[field]}), 1)]
    with pytest.raises(ValueError, match="stack"):
        begin(table(), jobs)


@pytest.mark.parametrize("changes", [{"width": 9}, {"activation": "tanh"}, {"controller": "early_stopping"}])
def test_stacks_that_do_not_belong_together_are_not_merged(changes):
    recipe = Recipe(width=8, batch_size=16)
    stacks = [
        begin(table(), [Job(name, one, 1)]).stack
        for name, one in (("a", recipe), ("b", replace(recipe, **changes)))
    ]
    for pair in (stacks, stacks[::-1]):
        with pytest.raises(ValueError, match="merged"):
            merge(pair)


def test_a_checkpoint_of_another_stack_is_refused():
    recipe = Recipe(width=8, batch_size=16)
    saved = begin(table(), [Job("one", recipe, 1)]).stack.state()
    with pytest.raises(ValueError, match="another stack"):
        begin(table(), [Job("one", replace(recipe, optimizer="sgd"), 1)]).stack.restore(saved)


def test_a_stack_of_nobody_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        begin(table(), [Job("one", Recipe(width=8), 1)]).stack.select([])
