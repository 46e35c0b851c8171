"""The bag of embeddings against loops over plain numbers, and its members alone and in company."""

import itertools
import math
from dataclasses import replace

import polars
import pytest
import torch

from population.members import alone, assert_same, begin, company, go_on, numbers, table
from shoal import catalogue
from shoal.networks import embedding_bag, known_pairs
from shoal.networks.embedding_bag import GAIN, SMALL
from shoal.networks.evidence import evidence
from shoal.networks.parts import Parts
from shoal.population.gradient import why_alone
from shoal.population.recipe import Job, Recipe
from shoal.population.template import initial, template
from shoal.tasks.tables import from_table
from shoal.techniques.numerics.counter_noise import fold

RELU = ("relu", catalogue.find("activation", "relu"))
PARTS = Parts((6,), 3, 9, width=4, depth=2, residual=False, activation=RELU)
IDS = torch.tensor([[3, 4, 5, 3, 4, 8], [2, 2, 8, 3, 4, 0], [5, 0, 0, 0, 0, 0], [2, 0, 3, 4, 0, 0]])
KNOWN = {(3, 4)}  # the one pair of words in two rows
NAMES = ("awful", "boring", "bored", "cast", "boredom", "boringly", "end")  # numbers 2 to 8


@pytest.fixture(autouse=True)
def few_places(monkeypatch):
    """A small table."""
    monkeypatch.setattr(embedding_bag, "PLACES", 7)


def filled() -> embedding_bag.EmbeddingBag:
    torch.manual_seed(1)
    network = embedding_bag.build(PARTS).double()
    for value in (*network.parameters(), network.tokens.evidence, network.pairs.evidence):
        value.data.normal_()
    network.known.copy_(known_pairs.table(IDS, 7))
    return network


def expected_row(state: dict[str, torch.Tensor], ids: list[int]) -> torch.Tensor:
    """One row, a token and a pair after the other."""
    said, z = torch.zeros(3, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    tokens = set(ids) - {0}
    for token in tokens:
        weight = math.exp(state["tokens.importance"][token])
        said += weight * state["tokens.evidence"][token]
        z += weight * state["embedding.weight"][token]
    pairs = set(itertools.pairwise(ids)) & KNOWN
    for one, other in pairs:
        place = int(fold(torch.tensor(one), torch.tensor(other))) % 7 + 1
        said += math.exp(state["pairs.importance"][place]) * state["pairs.evidence"][place]
    root = math.sqrt(max(len(tokens) + len(pairs), 1))
    z = SMALL * z / root
    for layer in range(2):
        hidden = state[f"hidden.{layer}.0.weight"] @ z + state[f"hidden.{layer}.0.bias"]
        z = z + hidden.clamp(min=0)
    return GAIN * said / root + state["head.weight"] @ z + state["head.bias"]


def test_forward_equals_a_loop():
    network = filled()
    expected = torch.stack([expected_row(network.state_dict(), row.tolist()) for row in IDS])
    torch.testing.assert_close(network(IDS.double()), expected, rtol=1e-12, atol=1e-12)


def test_filling_neither_counts_nor_learns():
    network = filled()
    longer = torch.cat([IDS, torch.zeros(4, 3, dtype=torch.int64)], 1)
    torch.testing.assert_close(network(longer.double()), network(IDS.double()), rtol=1e-13, atol=1e-13)
    network(IDS.double()).square().sum().backward()
    assert network.embedding.weight.grad[0].count_nonzero() == 0
    assert network.tokens.importance.grad[0] == network.pairs.importance.grad[0] == 0
    assert network.embedding.weight.grad[[2, 3, 4, 5, 8]].any(1).all()
    assert network.tokens.importance.grad[[2, 3, 4, 5, 8]].all() and network.pairs.importance.grad.any()


def test_what_rows_say_of_a_word_is_what_they_say_of_its_beginnings_too():
    ids, y = torch.tensor([[3, 8], [4, 5], [7, 2], [6, 3]]), torch.tensor([0, 1, 0, 1])
    made = embedding_bag.first_buffers(ids.float(), y, vocabulary=9, outputs=2, names=NAMES)
    own = evidence(ids, y, 9, 2)
    expected = own.clone()
    for letters in (4, 5, 6):
        beginnings = ["", "", *(name[:letters] for name in NAMES)]
        different = ["", *dict.fromkeys(beginnings[2:])]
        groups = torch.tensor([different.index(one) for one in beginnings])
        expected += evidence(groups[ids], y, len(different), 2)[groups]
    torch.testing.assert_close(made["tokens.evidence"], expected)
    plain = embedding_bag.first_buffers(ids.float(), y, vocabulary=9, outputs=2, names=())
    torch.testing.assert_close(plain["tokens.evidence"], own)
    assert not torch.equal(own[4], expected[4]) and not own[:2].any()


def test_a_member_starts_from_what_its_own_training_rows_say():
    task = from_table(
        polars.DataFrame(
            {
                "text": [f"{word} film number {n} of all" for n in range(30) for word in ("good", "bad")],
                "label": ["yes", "no"] * 30,
            }
        ),
        "label",
        text=("text",),
    )
    recipe = Recipe("embedding_bag", width=4, depth=1)
    (_, buffers), prepared = initial(task, recipe, 3), task.prepare(3)
    expected = embedding_bag.first_buffers(
        prepared.x[prepared.train], prepared.y[prepared.train],
        vocabulary=task.vocabulary, outputs=2, names=task.prepare.fitted(3).names,
    )  # fmt: skip
    assert set(buffers) == set(expected) and all(torch.equal(buffers[one], expected[one]) for one in expected)
    fewer = initial(task, replace(recipe, train_size=20), 3)[1]
    assert not torch.equal(fewer["tokens.evidence"], buffers["tokens.evidence"])


@pytest.mark.parametrize("depth", [1, 2])
def test_a_member_alone_is_the_member_in_company(depth):
    recipe = Recipe(
        "embedding_bag", width=4, depth=depth, batch_size=16, epochs=20, normalization="batch_norm"
    )
    hyper = {"dropout.rate": 0.3, "stochastic_depth.rate": 0.3, "l2.coefficient": 0.01}
    numbers_only = table(features=(6,))
    x = (numbers_only.prepare(0).x.abs() * 4).floor().clamp(max=8)
    task = replace(numbers_only, vocabulary=9, prepare=lambda seed: numbers_only.prepare(seed)._replace(x=x))
    job = Job("subject", replace(recipe, hyper=hyper), 3)
    assert why_alone(template(task, job.recipe)) is None
    together = go_on(begin(task, company(job, 5)), 6)
    assert_same(numbers(together.stack, "subject"), alone(task, job, 6))
