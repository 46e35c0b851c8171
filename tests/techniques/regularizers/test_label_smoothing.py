"""Label smoothing beside torch's cross-entropy, values and gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import label_smoothing


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.37, 0.9])
def test_cross_entropy_with_it_is_torchs(classes, smoothing, agrees_at):
    generator = torch.Generator().manual_seed(classes)
    logits = torch.randn(20, classes, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randint(classes, (20,), generator=generator)
    hyper = label_smoothing.Hyper(torch.tensor(smoothing, dtype=torch.float64))
    target = label_smoothing.apply(F.one_hot(y, classes).double(), hyper)
    ours = -(target * logits.log_softmax(-1)).sum(-1)
    theirs = F.cross_entropy(logits, y, label_smoothing=smoothing, reduction="none")
    agrees_at(label_smoothing, "torch.nn.functional.cross_entropy", ours, theirs, rtol=1e-12, atol=1e-13)
    slopes = [torch.autograd.grad(loss.sin().sum(), logits)[0] for loss in (ours, theirs)]
    agrees_at(label_smoothing, "torch.nn.functional.cross_entropy", *slopes, rtol=1e-11, atol=1e-12)


@given(st.floats(0, 0.99), st.integers(2, 9))
def test_it_stays_a_distribution_and_adds_up(smoothing, classes):
    """Smoothing twice leaves (1-s)² of what was aimed at."""
    aimed = torch.linspace(0, 1, 3 * classes, dtype=torch.float64).view(3, classes).softmax(-1)
    hyper = label_smoothing.Hyper(smoothing)
    once = label_smoothing.apply(aimed, hyper)
    torch.testing.assert_close(once.sum(-1), torch.ones(3, dtype=torch.float64))
    both = label_smoothing.Hyper(1 - (1 - smoothing) ** 2)
    torch.testing.assert_close(label_smoothing.apply(once, hyper), label_smoothing.apply(aimed, both))
