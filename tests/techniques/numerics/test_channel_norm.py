"""The operators of batch normalization beside torch's and beside the formulas that they stand for."""

import pytest
import torch
import torch.nn.functional as F
from torch.fx.experimental.proxy_tensor import make_fx

from shoal.techniques.numerics.channel_norm import FORMULAS, normalized

COUNTED = [6, 4, 1, 0]
LAYOUTS = [torch.contiguous_format, torch.channels_last]
layouts = pytest.mark.parametrize("layout", LAYOUTS, ids=str)
EPS = torch.tensor(1e-3, dtype=torch.float64)


def drawn(layout, shape=(6, 3, 4, 2), seed=0):
    """x, a cotangent, scale and shift."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*sizes):
        return torch.randn(sizes, generator=generator, dtype=torch.float64)

    x, to = (draw(*shape).contiguous(memory_format=layout) for _ in range(2))
    return 2 * x + 5, to, draw(shape[1]), draw(shape[1])


def slopes(output, to, *inputs):
    return torch.autograd.grad((output * to).sum(), inputs)


@layouts
@pytest.mark.parametrize("counted", COUNTED[:-1])
def test_what_counts_is_as_with_torch(layout, counted):
    x, to, scale, shift = (one.requires_grad_() for one in drawn(layout))
    weight = (torch.arange(6) < counted).double()
    y, mean, var = normalized(x, weight, scale, shift, EPS)
    witness = F.batch_norm(x[:counted], None, None, scale, shift, training=True, eps=1e-3)
    assert torch.allclose(y[:counted], witness, rtol=1e-11, atol=1e-12)
    assert torch.allclose(mean, x[:counted].mean((0, 2, 3)), rtol=1e-12)
    assert torch.allclose(var, x[:counted].var((0, 2, 3), correction=0), rtol=1e-11)
    assert not mean.requires_grad and not var.requires_grad
    found = slopes(y[:counted], to[:counted], x, scale, shift)
    for one, other in zip(found, slopes(witness, to[:counted], x, scale, shift), strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-11)


@layouts
@pytest.mark.parametrize("counted", COUNTED)
def test_operators_are_their_formulas_and_keep_the_order_in_memory(layout, counted):
    x, to, scale, shift = drawn(layout)
    weight = (torch.arange(6) < counted).double()
    operators = torch.ops.shoal_techniques
    given = [one[None] for one in (x, weight, scale, shift, EPS)]
    made, expected = operators.channel_norm(*given), FORMULAS["channel_norm"](*given)
    for one, other in zip(made, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-11, atol=1e-12)
    _, mean, _, rstd = expected
    given = [to[None], x[None], weight[None], scale[None], mean, rstd, EPS[None]]
    back = operators.channel_norm_backward(*given)
    for one, other in zip(back, FORMULAS["channel_norm_backward"](*given), strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-11)
    assert made[0].stride() == back[0].stride() == x[None].stride()


def test_members_together_are_members_alone_when_some_have_short_batches():
    alone = [drawn(torch.channels_last, seed=seed) for seed in range(3)]
    weights = [(torch.arange(6) < counted).double() for counted in (6, 4, 6)]

    def gradients(x, to, scale, shift, weight):
        def loss(x, scale, shift):
            y, mean, var = normalized(x, weight, scale, shift, EPS)
            return (y * to).sum(), (mean, var)

        return torch.func.grad(loss, (0, 1, 2), has_aux=True)(x, scale, shift)

    together = torch.func.vmap(gradients)(
        *(torch.stack(one) for one in zip(*alone, strict=True)), torch.stack(weights)
    )
    for row, (own, weight) in enumerate(zip(alone, weights, strict=True)):
        expected = torch.utils._pytree.tree_leaves(gradients(*own, weight))
        found = [one[row] for one in torch.utils._pytree.tree_leaves(together)]
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@layouts
def test_a_trace_does_the_same_bit_by_bit(layout):
    def run(x, to, scale, shift, weight, eps):
        def loss(x, scale, shift):
            return (normalized(x, weight, scale, shift, eps)[0] * to).sum()

        return torch.func.grad(loss, (0, 1, 2))(x, scale, shift)

    ones = torch.ones(6, dtype=torch.float64)
    traced = make_fx(run, tracing_mode="fake")(*drawn(layout), ones, EPS)
    for counted in COUNTED:  # what the trace was made with does not say which rows count
        given = (*drawn(layout, seed=counted), (torch.arange(6) < counted).double(), EPS)
        assert all(map(torch.equal, traced(*given), run(*given)))


def test_one_number_a_channel_has_no_variance():
    x = torch.full((1, 2, 1, 1), 3.0, dtype=torch.float64)
    one = torch.ones(2, dtype=torch.float64)
    y, mean, var = normalized(x, torch.ones(1, dtype=torch.float64), one, one, EPS)
    assert (y == 1).all() and (mean == 3).all() and (var == 0).all()
