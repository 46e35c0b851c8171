"""Shards: a pure function of the jobs, in their order, every job exactly once, and never two kinds in one."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from population.members import table
from shoal.population import links, planner
from shoal.population.batches import batch_size
from shoal.population.recipe import Job, Recipe
from shoal.population.template import template

TASK, IMAGES = table(), table(features=(6, 6))
RECIPES = st.builds(
    Recipe,
    network=st.sampled_from(["mlp", "convnet"]),
    width=st.sampled_from([3, 9, 20, 40, 600]),
    depth=st.just(1),
    optimizer=st.sampled_from(["adam", "sgd"]),
    controller=st.sampled_from(["none", "early_stopping"]),
    batch_size=st.sampled_from([16, 32, "all"]),
    hyper=st.sampled_from([{}, {"dropout.rate": 0.1}, {"ema.decay": 0.9}, {"ema.decay": 0.8}]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(RECIPES, min_size=1, max_size=80), st.booleans(), st.integers(1, 4))
def test_shards_hold_every_job_once_in_a_fixed_order(recipes, compiled, workers):
    jobs = [Job(str(number), recipe, number) for number, recipe in enumerate(recipes)]
    parts = planner.shards(IMAGES, "phase", jobs, compiled, workers)
    assert parts == planner.shards(IMAGES, "phase", list(jobs), compiled, workers)
    assert sorted(job.name for part in parts for job in part.jobs) == sorted(job.name for job in jobs)
    assert [part.first for part in parts] == sorted(part.first for part in parts)
    assert len({part.name for part in parts}) == len(parts)
    for part in parts:
        assert part.first == min(int(job.name) for job in part.jobs)
        assert len({kind(job.recipe) for job in part.jobs}) == 1
        assert len(part.jobs) <= max(
            planner.members_at_once(IMAGES, job.recipe, compiled) for job in part.jobs
        )
        assert len(part.jobs) == 1 or part.jobs[0].recipe.network == "mlp"


def kind(recipe: Recipe) -> tuple:
    made = template(IMAGES, recipe)
    return made.family, batch_size(recipe, IMAGES.train_rows), recipe.controller, links.names(recipe)


def test_few_jobs_are_spread_over_the_workers():
    jobs = [Job(str(number), Recipe(width=8), number) for number in range(6)]
    assert [len(part.jobs) for part in planner.shards(TASK, "phase", jobs, False, 2)] == [3, 3]


def test_members_of_one_optimizer_are_neighbors():
    jobs = [Job(str(n), Recipe(width=400, optimizer=("adam", "sgd")[n % 2]), n) for n in range(40)]
    parts = planner.shards(TASK, "phase", jobs, True, 1)
    mixed = [part for part in parts if len({job.recipe.optimizer for job in part.jobs}) > 1]
    assert len(parts) > 2 and len(mixed) <= 1


def test_compiling_is_decided_by_the_work_alone():
    short, long = ([Job("one", replace(Recipe(), epochs=epochs), 0)] for epochs in (1, 1e6))
    assert not planner.compiling_pays(TASK, short, 2) and planner.compiling_pays(TASK, long, 2)


def test_narrow_networks_share_a_stack_unless_their_channels_are_paired():
    """A gate's channels stand in two halves, so zeros behind the first would be in the middle."""
    widths = [Recipe(width=width) for width in (9, 12)]
    gated = [replace(recipe, activation="swiglu") for recipe in widths]
    assert len({planner.stack_key(TASK, recipe) for recipe in widths}) == 1
    assert len({planner.stack_key(TASK, recipe) for recipe in gated}) == 2
