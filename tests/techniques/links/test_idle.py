"""Hyperparameters that a card calls idle make the link nothing."""

import pytest
import torch

from shoal import catalogue
from shoal.techniques.kinds import Seen

IDLE = [name for name in catalogue.names("link") if catalogue.find("link", name).CARD.idle]


@pytest.mark.parametrize("name", IDLE)
def test_an_idle_link_leaves_all_as_it_is(name):
    link = catalogue.find("link", name)
    hyper = link.Hyper(**link.CARD.idle)
    source = torch.Generator().manual_seed(1)

    def drawn():
        return torch.randn(4, 5, generator=source, dtype=torch.float64)

    parameter = drawn()
    state = link.init(parameter, hyper)
    for _ in range(30):
        gradient, change = drawn(), drawn()
        seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
        if link.PLACE == "point":
            state = link.probe(seen, state, parameter, hyper)
            found, expected = link.look(state, parameter, hyper), parameter
        elif link.PLACE == "change":
            found, state = link.apply(seen, change, state, parameter, hyper)
            expected = change
        else:
            found, state = link.apply(seen, state, parameter, hyper)
            expected = gradient
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
        parameter = parameter + change
