"""Top saliency beside plain Python sorting, exactly."""

import pytest
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.links import top_saliency
from shoal.techniques.optimizers import adam

SHAPES = [(12,)]


@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.6, 1.0], ids="fraction={}".format)
def test_follows_plain_sorting_behind_adam(fraction, chain_steps, torch_steps, agrees):
    def before(parameters):
        return parameters[0].detach().clone(), parameters[0].grad.tolist()

    def after(parameters, saved):
        start, gradient = saved
        weight = start.tolist()
        order = sorted(range(12), key=lambda index: abs(gradient[index] * weight[index]), reverse=True)
        for index in order[max(1, round(fraction * 12)) :]:
            parameters[0][index] = start[index]

    ours = chain_steps(
        adam, adam.Hyper(0.03, 0.8, 0.95, 1e-3), top_saliency, top_saliency.Hyper(fraction), SHAPES
    )
    theirs = torch_steps(
        lambda parameters: torch.optim.Adam(parameters, 0.03, (0.8, 0.95), 1e-3),
        SHAPES,
        before=before,
        after=after,
    )
    agrees(top_saliency, "plain Python sorting behind torch.optim.Adam", ours, theirs)


def test_a_weight_of_zero_stays_while_others_can_move():
    gradient, parameter = torch.tensor([9.0, 1.0, -1.0]), torch.tensor([0.0, 2.0, 3.0])
    seen, change = Seen(gradient, torch.tensor(0.0), torch.tensor(0)), torch.tensor([5.0, 6.0, 7.0])
    for fraction, expected in ((0.3, [0.0, 0.0, 7.0]), (0.7, [0.0, 6.0, 7.0]), (1.0, [5.0, 6.0, 7.0])):
        own = top_saliency.Hyper(fraction)
        made, _ = top_saliency.apply(seen, change, top_saliency.State(), parameter, own)
        assert made.tolist() == expected
