"""The bag of embeddings against loops over plain numbers, and its members alone and in company."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from population.members import alone, assert_same, begin, company, go_on, numbers, table
from shoal import catalogue
from shoal.networks import embedding_bag
from shoal.networks.embedding_bag import GAIN, PAIR, hashed_pairs
from shoal.networks.parts import Parts
from shoal.population.gradient import why_alone
from shoal.population.recipe import Job, Recipe
from shoal.population.template import template
from shoal.techniques.numerics.counter_noise import fold

RELU = ("relu", catalogue.find("activation", "relu"))
PARTS = Parts((6,), 3, 9, width=4, depth=2, residual=False, activation=RELU)
IDS = torch.tensor([[3, 4, 5, 3, 4, 8], [2, 2, 8, 0, 0, 0], [5, 0, 0, 0, 0, 0], [2, 0, 3, 4, 0, 0]])


@pytest.fixture(autouse=True)
def few_buckets(monkeypatch):
    """Small tables."""
    monkeypatch.setattr(embedding_bag, "BUCKETS", 7)


def filled() -> embedding_bag.EmbeddingBag:
    torch.manual_seed(1)
    network = embedding_bag.build(PARTS).double()
    for value in network.parameters():
        value.data.normal_()
    return network


def expected_row(state: dict[str, torch.Tensor], ids: list[int]) -> torch.Tensor:
    """One row, a token and a pair after the other."""
    z, square = torch.zeros(4, dtype=torch.float64), 0.0
    for token in ids:
        if token:
            z += math.exp(state["tokens.importance"][token]) * state["tokens.embedding.weight"][token]
            square += 1
    for one, other in itertools.pairwise(ids):
        if one and other:
            pair = int(fold(torch.tensor(one), torch.tensor(other))) % 7 + 1
            z += PAIR * math.exp(state["pairs.importance"][pair]) * state["pairs.embedding.weight"][pair]
            square += PAIR**2
    z = GAIN * z / math.sqrt(max(square, 1))
    for layer in range(2):
        hidden = state[f"hidden.{layer}.0.weight"] @ z + state[f"hidden.{layer}.0.bias"]
        z = z + hidden.clamp(min=0)
    return state["head.weight"] @ z + state["head.bias"]


def test_forward_equals_a_loop():
    network = filled()
    expected = torch.stack([expected_row(network.state_dict(), row.tolist()) for row in IDS])
    torch.testing.assert_close(network(IDS.double()), expected, rtol=1e-12, atol=1e-12)


def test_filling_neither_counts_nor_learns():
    network = filled()
    longer = torch.cat([IDS, torch.zeros(4, 3, dtype=torch.int64)], 1)
    torch.testing.assert_close(network(longer.double()), network(IDS.double()), rtol=1e-13, atol=1e-13)
    network(IDS.double()).square().sum().backward()
    for bag in (network.tokens, network.pairs):
        assert bag.embedding.weight.grad[0].count_nonzero() == 0 and bag.importance.grad[0] == 0
    assert network.tokens.embedding.weight.grad[[2, 3, 4, 5, 8]].any(1).all()


def test_pairs_know_their_order_and_no_filling():
    pairs = hashed_pairs(torch.tensor([[2, 3, 2, 3, 0, 5, 6]]), 1 << 14)[0].tolist()
    assert pairs[0] == pairs[2] != pairs[1] and pairs[3] == pairs[4] == 0
    every = hashed_pairs(torch.arange(1, 5001).reshape(-1, 2), 1 << 14)
    assert every.min() >= 1 and every.max() <= 1 << 14
    # 2,500 pairs thrown at random into 16,384 buckets hit about 2,318 of them
    assert 2270 < len(every.unique()) < 2370


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
