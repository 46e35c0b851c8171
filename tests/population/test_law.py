"""The engine's one law: a member alone equals the same member in company, in float64 and in every number."""

from dataclasses import replace

import pytest

from population.members import (
    LONG,
    Own,
    OwnImages,
    alone,
    assert_same,
    begin,
    company,
    fitting,
    go_on,
    numbers,
    recipe_with,
    table,
)
from shoal import catalogue
from shoal.population.recipe import Job, Recipe
from shoal.population.stack import merge
from shoal.population.train import Training

SMALL = Recipe(width=8, depth=2, batch_size=16, epochs=LONG, optimizer="momentum")
TECHNIQUES = [(kind, name) for kind in catalogue.kinds() for name in catalogue.names(kind)]
NOISY = {"dropout.rate": 0.3, "l2.coefficient": 0.01}
LINKED = {"clip_norm.max_norm": 0.3, "max_norm.max_norm": 1.1, "ema.decay": 0.8, "l1.coefficient": 0.002}
BY_ROW = {"weight_noise.std": 0.1, "label_smoothing.smoothing": 0.2, "swa.start": 0.2}
AT_PLACES = {
    "stochastic_depth.rate": 0.4,
    "confidence_penalty.coefficient": 0.3,
    "input_noise.std": 0.2,
    "mixup.alpha": 0.5,
}
AT_PLACES |= {"gradient_noise.eta": 0.01}
TOGETHER = {"matrix.sam.rho": 0.1, "matrix.lamb.lr": 0.02, "norm.schedule_free_sgd.lr": 0.3}
COMPOSED = "matrix:sam+lamb|norm:schedule_free_sgd|centralize+adam+lookahead"
NETWORKS = {
    "residual": (table(), replace(SMALL, residual=True, normalization="batch_norm", hyper=NOISY)),
    "links": (
        table(),
        replace(SMALL, normalization="batch_norm", controller="early_stopping", hyper=NOISY | LINKED),
    ),
    "rows by themselves": (
        table(),
        replace(SMALL, normalization="layer_norm", activation="prelu", hyper=BY_ROW),
    ),
    "directions and branches": (
        table(),
        replace(SMALL, depth=3, residual=True, normalization="weight_norm", hyper=NOISY | AT_PLACES),
    ),
    "images in pieces": (
        table(features=(2, 5, 4)),
        replace(SMALL, residual=True, hyper={"crop.share": 0.25, "flip.probability": 0.4}),
    ),
    "mixed convolutions": (
        table(features=(2, 5, 4)),
        replace(SMALL, network="convnet", width=2, hyper={"cutmix.probability": 0.6, "crop.share": 0.2}),
    ),
    "gates": (table(), replace(SMALL, normalization="batch_norm", activation="swiglu", residual=True)),
    "gated convolutions": (
        table(features=(6, 6)),
        replace(SMALL, network="convnet", width=2, activation="swiglu"),
    ),
    "convolutions": (
        table(features=(6, 6)),
        replace(SMALL, network="convnet", width=3, normalization="batch_norm", hyper=NOISY),
    ),
    "own module": (table(network=Own), replace(SMALL, network="own", initializer="own")),
    "own convolutions": (
        table(features=(6, 6), network=OwnImages),
        replace(SMALL, network="own", initializer="own"),
    ),
    "rules put together": (table(), replace(SMALL, normalization="batch_norm", hyper=TOGETHER)),
    "regression": (table(classes=None), replace(SMALL, activation="tanh")),
    "stopping": (table(), replace(SMALL, controller="early_stopping", hyper={"early_stopping.patience": 50})),
}


@pytest.fixture(params=NETWORKS)
def case(request):
    """A task and a member on it."""
    task, recipe = NETWORKS[request.param]
    optimizer = COMPOSED if recipe.hyper == TOGETHER else "adam"
    return task, Job("subject", replace(recipe, optimizer=optimizer, schedule="cosine", epochs=20), 3)


@pytest.mark.parametrize(("kind", "name"), TECHNIQUES)
def test_every_technique_obeys_the_law(kind, name):
    task, base = fitting(kind, name, SMALL)
    job = Job("subject", recipe_with(kind, name, base, 0.35), 3)
    together = begin(task, company(job))
    for steps, tolerance in ((1, 1e-10), (29, 1e-8)):
        go_on(together, steps)
        assert_same(
            numbers(together.stack, "subject"), alone(task, job, int(together.stack.step[0])), tolerance
        )


def test_one_step_from_an_equal_state_is_equal(case):
    task, job = case
    together = go_on(begin(task, company(job)), 17)
    row = [one.name for one in together.stack.jobs].index("subject")
    single = Training(task, together.stack.select([row]), together_programs(together))
    assert_same(
        numbers(go_on(single, 1).stack, "subject"), numbers(go_on(together, 1).stack, "subject"), 1e-10
    )


def together_programs(training):
    return lambda stack, batch: (training.gradient, training.rules)


def test_order_does_not_matter(case):
    task, job = case
    jobs = company(job)
    for order in (jobs, jobs[::-1]):
        assert_same(numbers(go_on(begin(task, order), 30).stack, "subject"), alone(task, job, 30))


def test_neighbors_may_end_at_any_time(case):
    task, job = case
    others = [replace(one.recipe, epochs=0.5 + place) for place, one in enumerate(company(job))]
    jobs = [job, *(Job(f"short/{place}", recipe, place) for place, recipe in enumerate(others))]
    training = begin(task, jobs)
    ended = [outcome.name for outcome in training.run(steps=30)]
    assert len(ended) > 3
    assert_same(numbers(training.stack, "subject"), alone(task, job, 30))


def test_members_may_be_dropped(case):
    task, job = case
    training = go_on(begin(task, company(job)), 11)
    keep = [
        row for row, one in enumerate(training.stack.jobs) if one.name in ("subject", "other/2", "other/5")
    ]
    training.stack = training.stack.select(keep)
    assert_same(numbers(go_on(training, 19).stack, "subject"), alone(task, job, 30))


def test_a_copied_row_goes_on_like_its_original(case):
    task, job = case
    training = go_on(begin(task, company(job)), 11)
    row = [one.name for one in training.stack.jobs].index("subject")
    training.stack = training.stack.select([row, 0, row, 1])
    go_on(training, 19)
    for copy in (0, 1):
        assert_same(numbers(training.stack, "subject", copy), alone(task, job, 30))


def test_a_frozen_row_goes_on_where_it_was(case):
    task, job = case
    training = go_on(begin(task, company(job)), 11)
    row = [one.name for one in training.stack.jobs].index("subject")
    others = [number for number in range(len(training.stack)) if number != row]
    frozen, training.stack = training.stack.select([row]), training.stack.select(others)
    before = numbers(frozen, "subject")
    go_on(training, 7)
    assert_same(numbers(frozen, "subject"), before, 0)
    training.stack = merge([training.stack, frozen])
    go_on(training, 19)
    assert_same(numbers(training.stack, "subject"), alone(task, job, 30))
    present = {one.name for one in training.stack.jobs}  # some have stopped early
    other = next(one for one in company(job) if one.name in present - {"subject"})
    assert_same(numbers(training.stack, other.name), alone(task, other, 37))


def test_a_freed_row_is_refilled_with_a_new_member(case):
    task, job = case
    first = company(job)
    new = Job("new", replace(job.recipe, optimizer="rmsprop", schedule="warmup", epochs=25), 77)
    training = go_on(begin(task, first), 11)
    refilled = merge([training.stack.select(range(1, len(first))), begin(task, [new]).stack])
    training = go_on(Training(task, refilled, together_programs(begin(task, [*first, new]))), 13)
    training.stack = training.stack.select(range(len(refilled) - 1, -1, -1))  # steps differ by row by now
    go_on(training, 17)
    assert_same(numbers(training.stack, "new"), alone(task, new, 30))
    assert_same(numbers(training.stack, "subject"), alone(task, job, 41))


def test_a_diverging_neighbor_does_not_disturb(case):
    task, job = case
    wild = Job("wild", replace(job.recipe, optimizer="sgd", hyper={**job.recipe.hyper, "sgd.lr": 1e300}), 8)
    training = begin(task, [wild, job, wild._replace(name="wilder")])
    go_on(training, 1)
    gone = [outcome for outcome in training.run(steps=29) if outcome.diverged]
    assert {one.name for one in gone} == {"wild", "wilder"}
    assert_same(numbers(training.stack, "subject"), alone(task, job, 30))


def test_a_stack_goes_on_from_its_saved_state(case):
    task, job = case
    jobs = company(job)
    training = go_on(begin(task, jobs), 11)
    saved = {name: value.clone() for name, value in training.stack.state().items()}
    go_on(training, 19)
    resumed = begin(task, jobs)
    resumed.stack.restore(saved)
    go_on(resumed, 19)
    assert len(resumed.stack) == len(training.stack) > 4
    for one in training.stack.jobs:
        assert_same(numbers(resumed.stack, one.name), numbers(training.stack, one.name), 0)


def test_whole_trainings_have_equal_outcomes(case):
    task, job = case
    job = job._replace(recipe=replace(job.recipe, epochs=6))
    together = {one.name: one for one in begin(task, company(job, epochs=9)).run()}["subject"]
    (single,) = begin(task, [job]).run()
    timed = ("seconds",)
    for field in set(single._fields) - set(timed) - {"name", "details"}:
        assert getattr(together, field) == pytest.approx(getattr(single, field), rel=1e-8), field
