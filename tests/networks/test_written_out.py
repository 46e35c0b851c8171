"""Layers written out are torch's own, values and gradients."""

import pytest
import torch
from torch import nn

from shoal.networks.written_out import GELU, Embedding, GroupNorm, LayerNorm

CASES = [
    (GELU, nn.GELU()),
    (GELU, nn.GELU("tanh")),
    (LayerNorm, nn.LayerNorm(5)),
    (LayerNorm, nn.LayerNorm((3, 5), eps=1e-2)),
    (LayerNorm, nn.LayerNorm(5, elementwise_affine=False)),
    (LayerNorm, nn.LayerNorm(5, bias=False)),
    (GroupNorm, nn.GroupNorm(1, 3)),
    (GroupNorm, nn.GroupNorm(3, 3, eps=1e-2)),
    (GroupNorm, nn.GroupNorm(3, 3, affine=False)),
]


@pytest.mark.parametrize(
    ("kind", "layer"), CASES, ids=lambda one: repr(one) if isinstance(one, nn.Module) else ""
)
def test_it_is_torchs_layer(kind, layer):
    torch.manual_seed(1)
    layer = layer.double()
    for value in layer.parameters():
        value.data.uniform_(0.5, 1.5)
    x = torch.randn(4, 3, 5, dtype=torch.float64, requires_grad=True)
    ours, theirs = kind(layer)(x), layer(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    weight = torch.randn_like(theirs)
    found = torch.autograd.grad((ours * weight).sum(), [x, *layer.parameters()], retain_graph=True)
    expected = torch.autograd.grad((theirs * weight).sum(), [x, *layer.parameters()])
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("padding", [None, 2])
def test_the_embedding_is_torchs_whose_padding_is_not_trained(padding):
    layer = nn.Embedding(4, 3, padding_idx=padding).double()
    ids = torch.tensor([[0, 2, 2], [3, 2, 0]])
    ours, theirs = Embedding(layer)(ids), layer(ids)
    assert torch.equal(ours, theirs)
    weight = torch.rand(2, 3, 3, dtype=torch.float64)
    (found,) = torch.autograd.grad((ours * weight).sum(), layer.weight)
    (expected,) = torch.autograd.grad((theirs * weight).sum(), layer.weight)
    assert torch.equal(found, expected) and expected.count_nonzero() > 0

    def value(parameter):
        made = torch.func.functional_call(Embedding(layer), {"weight": parameter}, (ids,))
        return (made * weight).sum()

    assert torch.equal(torch.func.grad(value)(layer.weight), expected)
