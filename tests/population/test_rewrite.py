"""What is changed in a graph before it is compiled."""

import pytest
import torch

from shoal.population import cache, operators, rules
from shoal.population.rewrite import rewritten
from shoal.population.rules import Need


@pytest.fixture(scope="module")
def library(own_cache) -> None:
    operators.build()  # a process that only declared its operators could not load them any more


@pytest.mark.compiler
@pytest.mark.skipif(cache.compiler() is None, reason="needs a C++ compiler")
@pytest.mark.parametrize(
    ("need", "numbers"),
    [
        (Need("optimizer", "sgd", "move", None), 0),
        (Need("optimizer", "adam", "move", None), 2),  # the bias corrections
        (Need("optimizer", "lars", "move", 2), 1),  # the trust ratio, of two norms
        (Need("link", "sam", "apply", None), 2),  # the norm of the gradient, and whether it is 0
    ],
    ids=lambda value: getattr(value, "technique", value),
)
def test_numbers_of_one_a_member_that_cost_something_are_computed_once(library, need, numbers):
    operators.know()
    graph = rewritten(rules.program(need)._traced[0], per_member=True)
    barriers = [node for node in graph.graph.nodes if node.target is torch.ops.shoal.once.default]
    assert len(barriers) == numbers
    for node in barriers:
        assert all(size == 1 for size in node.meta.get("val", node.args[0].meta["val"]).shape[1:])
