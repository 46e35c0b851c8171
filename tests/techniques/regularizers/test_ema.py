"""EMA beside torch.optim.swa_utils.AveragedModel, step by step, buffers included."""

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from shoal.techniques.regularizers import ema


def vector(model):
    return torch.cat([parameters_to_vector(model.parameters()), *model.buffers()]).detach().clone()


def test_follows_torchs_averaged_model(agrees_at):
    generator = torch.Generator().manual_seed(0)
    model = nn.Linear(4, 3).double()
    model.register_buffer("mean", torch.zeros(5, dtype=torch.float64))
    witness = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.83), use_buffers=True)
    hyper = ema.Hyper(torch.tensor(0.83, dtype=torch.float64))
    state = ema.init(vector(model), hyper)
    assert torch.equal(ema.read(state, vector(model), hyper), vector(model))
    for step in range(30):
        with torch.no_grad():
            for value in (*model.parameters(), *model.buffers()):
                value.add_(torch.randn(value.shape, generator=generator, dtype=torch.float64))
        witness.update_parameters(model)
        progress = torch.tensor((step + 1) / 30, dtype=torch.float64)
        state = ema.observe(state, vector(model), progress, hyper)
        found = ema.read(state, vector(model), hyper)
        agrees_at(
            ema, "torch.optim.swa_utils.AveragedModel", found, vector(witness.module), rtol=1e-12, atol=1e-13
        )
        assert step == 0 or not torch.allclose(found, vector(model))


def test_forgetting_all_gives_the_last_weights():
    state = ema.init(torch.zeros(3, dtype=torch.float64), ema.Hyper(0.0))
    for step in range(4):
        last = torch.full((3,), float(step), dtype=torch.float64)
        state = ema.observe(state, last, torch.ones(()), ema.Hyper(0.0))
        assert torch.equal(ema.read(state, last, ema.Hyper(0.0)), last)
