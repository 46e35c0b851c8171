"""Top gradients beside plain Python sorting, exactly."""

import pytest
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.links import top_gradients
from shoal.techniques.optimizers import momentum

SHAPES = [(12,)]


@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.6, 1.0], ids="fraction={}".format)
def test_follows_plain_sorting_behind_sgd(fraction, chain_steps, torch_steps, agrees):
    def before(parameters):
        return parameters[0].detach().clone(), parameters[0].grad.tolist()

    def after(parameters, saved):
        start, gradient = saved
        order = sorted(range(12), key=lambda index: abs(gradient[index]), reverse=True)
        for index in order[max(1, round(fraction * 12)) :]:
            parameters[0][index] = start[index]

    ours = chain_steps(
        momentum, momentum.Hyper(0.03, 0.8), top_gradients, top_gradients.Hyper(fraction), SHAPES
    )
    theirs = torch_steps(
        lambda parameters: torch.optim.SGD(parameters, 0.03, 0.8), SHAPES, before=before, after=after
    )
    agrees(
        top_gradients,
        "plain Python sorting behind torch.optim.SGD",
        ours,
        theirs,
        known="the paper adds the dropped gradients to the next, ours are forgotten",
    )


def _made(gradient, change, fraction):
    seen = Seen(torch.tensor(gradient), torch.tensor(0.0), torch.tensor(0))
    change = torch.tensor(change)
    return top_gradients.apply(seen, change, top_gradients.State(), change, top_gradients.Hyper(fraction))[0]


def test_ties_with_the_last_move_too():
    assert _made([1.0, -2.0, 2.0, 3.0], [5.0, 6.0, 7.0, 8.0], 0.5).tolist() == [0.0, 6.0, 7.0, 8.0]


def test_whole_fraction_changes_nothing():
    assert _made([0.0, 1.0, 0.0], [5.0, 6.0, 7.0], 1.0).tolist() == [5.0, 6.0, 7.0]


def test_not_a_number_is_not_hidden():
    assert torch.isnan(_made([1.0, float("nan"), 2.0], [1.0, float("nan"), 2.0], 0.4)).any()
