"""SWA beside torch.optim.swa_utils.AveragedModel, updated from the start on."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector
from torch.optim.swa_utils import AveragedModel

from shoal.techniques.regularizers import swa

STEPS = 40


@pytest.mark.parametrize("start", [0.0, 0.5, 0.975])
def test_follows_torchs_averaged_model(start, agrees_at):
    generator = torch.Generator().manual_seed(0)
    model = nn.Linear(4, 3).double()
    witness = AveragedModel(model)
    hyper = swa.Hyper(torch.tensor(start, dtype=torch.float64))
    state = swa.init(parameters_to_vector(model.parameters()).detach(), hyper)
    for step in range(1, STEPS + 1):
        with torch.no_grad():
            for value in model.parameters():
                value.add_(torch.randn(value.shape, generator=generator, dtype=torch.float64))
        last = parameters_to_vector(model.parameters()).detach().clone()
        state = swa.observe(state, last, torch.tensor(step / STEPS, dtype=torch.float64), hyper)
        found = swa.read(state, last, hyper)
        if step > start * STEPS:
            witness.update_parameters(model)
            last = parameters_to_vector(witness.module.parameters()).detach()
        agrees_at(swa, "torch.optim.swa_utils.AveragedModel", found, last, rtol=1e-12, atol=1e-13)
    assert state.seen == STEPS - int(start * STEPS) == witness.n_averaged
