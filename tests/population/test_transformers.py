"""Transformers in populations: the law, traces for any number of members, scores of next tokens."""

import math
from pathlib import Path

import pytest
import torch

from population.members import alone, assert_same, begin, company, go_on, numbers
from shoal.population import evaluate
from shoal.population.gradient import gradient_program, row_losses, why_alone
from shoal.population.recipe import Job, Recipe
from shoal.population.template import template
from shoal.population.train import Training
from shoal.tasks.arrays import from_arrays
from shoal.tasks.language import from_text_file
from shoal.tasks.task import Task, with_metric

NOISE = {"dropout.rate": 0.2, "stochastic_depth.rate": 0.4, "label_smoothing.smoothing": 0.1}
SMALL = Recipe(
    width=8, depth=1, batch_size=8, epochs=1e6, activation="gelu", normalization="layer_norm"
)  # fmt: skip
NETWORKS = {
    "vit": {"normalization": "rms_norm"},
    "text_transformer": {"normalization": "batch_norm", "initializer": "zero_residual", "residual": True},
    "char_transformer": {"activation": "swiglu", "hyper": {**NOISE, "confidence_penalty.coefficient": 0.1}},
}


@pytest.fixture
def text(tmp_path: Path) -> Task:
    """A text of eight letters, each of which follows from the one before it but for chance."""
    generator = torch.Generator().manual_seed(3)
    jumps = torch.randint(0, 2, (700,), generator=generator).cumsum(0) * 3
    made = tmp_path / "text.txt"
    made.write_text("".join("abcdefgh"[jump % 8] for jump in jumps.tolist()), encoding="utf-8")
    return from_text_file(made, 6)


def images() -> Task:
    x = torch.randn(60, 2, 5, 3, generator=torch.Generator().manual_seed(5))
    return from_arrays(x, x.flatten(1)[:, :3].argmax(1))


def tokens() -> Task:
    """Rows of at most five of nine tokens, filled up with 0."""
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(1, 9, (60, 5), generator=generator)
    ids[torch.arange(5) >= torch.randint(1, 6, (60, 1), generator=generator)] = 0
    made = from_arrays(ids.float(), ids[:, 0] % 3)
    return Task(
        made.name, made.kind, made.metric, made.features, made.outputs, made.train_rows, made.prepare,
        made.fingerprint, vocabulary=9,
    )  # fmt: skip


def case(name: str, text: Task) -> tuple[Task, Job]:
    task = {"vit": images, "text_transformer": tokens}.get(name, lambda: text)()
    return task, Job("subject", Recipe(**{**vars(SMALL), "network": name, **NETWORKS[name]}), 3)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_member_alone_equals_the_same_member_in_company(name, text):
    task, job = case(name, text)
    assert why_alone(template(task, job.recipe)) is None
    together = begin(task, company(job, 3))
    for steps, tolerance in ((1, 1e-10), (5, 1e-8)):
        go_on(together, steps)
        found = numbers(together.stack, "subject")
        assert_same(found, alone(task, job, int(together.stack.step[0])), tolerance)


@pytest.mark.parametrize("name", ["vit", "char_transformer"])
def test_one_trace_serves_any_number_of_members(name, text):
    task, job = case(name, text)
    program = gradient_program(template(task, job.recipe), 8, torch.float64)
    program.trace()
    for members in (1, 4):
        given = inputs_of(begin(task, [Job(str(seed), job.recipe, seed) for seed in range(members)]))
        expected = program._example.function(*given)
        for one, other in zip(program(given), expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def inputs_of(training: Training) -> list[torch.Tensor]:
    """What the gradient program is given at a training's first step."""
    seen: list[torch.Tensor] = []
    gradient = training.gradient

    def record(given):
        seen.extend(one.clone() for one in given)
        return gradient(given)

    training.gradient = record
    go_on(training, 1)
    return seen


def test_the_loss_of_next_tokens_is_torchs_mean_over_places_that_count():
    output = torch.randn(4, 6, 5, dtype=torch.float64)
    target = torch.randint(0, 5, (4, 6))
    target[1, :3] = -1
    found = row_losses(output, target, "language")
    for row in range(4):
        expected = torch.nn.functional.cross_entropy(output[row], target[row], ignore_index=-1)
        torch.testing.assert_close(found[row], expected)


def test_bits_and_accuracy_are_means_over_every_character_of_a_part(text, monkeypatch):
    job = case("char_transformer", text)[1]
    training = go_on(begin(text, [job, Job("other", job.recipe, 4)]), 3)
    stack = training.stack
    prepared = text.prepare(3)
    made = evaluate.outputs(stack, training.data.x, prepared.test.expand(2, -1))[0]
    y = prepared.y[prepared.test]
    nats = torch.nn.functional.cross_entropy(made[y >= 0], y[y >= 0])
    right = (made.argmax(-1) == y)[y >= 0].double().mean()
    losses, bits = evaluate.losses_and_scores(text, training.data, stack, "test")
    assert float(losses[0]) == pytest.approx(float(nats), rel=1e-12)
    assert float(bits[0]) == pytest.approx(float(nats) / math.log(2), rel=1e-12)
    accuracy = with_metric(text, "character_accuracy")
    for numbers_at_once in (4_000_000, 1):
        monkeypatch.setattr(evaluate, "_NUMBERS", numbers_at_once)
        _, shares = evaluate.losses_and_scores(accuracy, training.data, stack, "test")
        assert float(shares[0]) == pytest.approx(float(right), rel=1e-12)
        everything = evaluate.all_metrics(text, training.data, stack, "test")[0]
        assert everything["bits_per_character"] == pytest.approx(float(bits[0]), rel=1e-12)


def test_training_rows_are_judged_by_the_second_half_of_their_places(text):
    job = case("char_transformer", text)[1]
    training = go_on(begin(text, [job]), 3)
    rows = training.data.rows(3, "train")
    made = evaluate.outputs(training.stack, training.data.x, rows[None])[0]
    nats = torch.nn.functional.cross_entropy(
        made[:, 3:].flatten(0, 1), training.data.y[rows][:, 3:].flatten()
    )
    losses, _ = evaluate.losses_and_scores(text, training.data, training.stack, "train")
    assert float(losses[0]) == pytest.approx(float(nats), rel=1e-12)
