"""The recurrent layer is torch.nn.GRU in float64, and knows where a row is filled up."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from shoal.networks.gru import GRU
from shoal.networks.recurrence import gru

LENGTHS = [6, 1, 4, 3]


def pair(inputs: int = 5, hidden: int = 7) -> tuple[GRU, nn.GRU]:
    """Both layers with the same numbers."""
    torch.manual_seed(1)
    theirs = nn.GRU(inputs, hidden, batch_first=True).double()
    ours = GRU(inputs, hidden).double()
    ours.load_state_dict({name.removesuffix("_l0"): value for name, value in theirs.state_dict().items()})
    return ours, theirs


def data(*shape: int) -> Tensor:
    source = torch.Generator().manual_seed(2)
    return torch.randn(*shape, generator=source, dtype=torch.float64).requires_grad_()


def assert_gradients(ours: Tensor, theirs: Tensor, layers: tuple[nn.Module, nn.Module], x: Tensor) -> None:
    weight = data(*theirs.shape).detach()
    found = torch.autograd.grad((ours * weight).sum(), [x, *layers[0].parameters()])
    expected = torch.autograd.grad((theirs * weight).sum(), [x, *layers[1].parameters()])
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 6, 5), (1, 1, 5), (3, 2, 5)])
def test_it_is_torchs_layer(shape):
    layers, x = pair(), data(*shape)
    ours, theirs = layers[0](x), layers[1](x)[0]
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    assert_gradients(ours, theirs, layers, x)


def test_of_rows_of_unequal_length_it_is_torchs_of_a_packed_sequence():
    layers, x = pair(), data(4, 6, 5)
    kept = torch.arange(6) < torch.tensor(LENGTHS)[:, None]
    packed, last = layers[1](pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False))
    theirs, _ = pad_packed_sequence(packed, batch_first=True)
    ours = layers[0](x, kept)
    torch.testing.assert_close(ours[:, -1], last[0], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(ours * kept[..., None], theirs, rtol=1e-10, atol=1e-12)
    assert_gradients(ours[:, -1], last[0], layers, x)


def test_what_stands_in_filled_places_counts_nowhere():
    layer, _ = pair()
    x = data(2, 6, 5).detach()
    short = x[:, [0, 1, 3, 5]]
    kept = torch.tensor([True, True, False, True, False, True]).expand(2, 6)
    x[~kept] = 1e6
    x.requires_grad_()
    made = layer(x, kept)
    torch.testing.assert_close(made[:, kept[0]], layer(short), rtol=1e-12, atol=1e-12)
    assert torch.equal(made[:, 2], made[:, 1]) and torch.equal(made[:, 4], made[:, 3])
    given = torch.autograd.grad(made.sum(), [x, *layer.parameters()])
    expected = torch.autograd.grad(layer(short)[:, [0, 1, 1, 2, 2, 3]].sum(), list(layer.parameters()))
    torch.testing.assert_close(given[1:], expected, rtol=1e-10, atol=1e-12)
    assert not given[0][~kept].any()


def test_a_row_without_tokens_keeps_the_state_of_zeros():
    layer, _ = pair()
    assert not layer(data(2, 3, 5), torch.zeros(2, 3, dtype=torch.bool)).any()


def test_its_gradients_are_those_of_differences():
    inputs = [data(*shape) for shape in ((3, 2, 6), (6, 2), (6,), (6,))]
    kept = torch.tensor([[True, True], [False, True], [True, False]])
    assert torch.autograd.gradcheck(lambda *given: gru(*given, kept), inputs)


@pytest.mark.parametrize("shared", ["data", "weights"])
def test_many_at_once_are_each_by_itself(shared):
    layer, _ = pair()
    named = {name: value.detach() for name, value in layer.named_parameters()}
    many = {name: torch.stack([value, 2 * value, -value]) for name, value in named.items()}
    x = data(3, 2, 4, 5).detach()

    def loss(numbers: dict[str, Tensor], rows: Tensor) -> Tensor:
        return functional_call(layer, numbers, (rows,)).square().sum()

    if shared == "data":
        found = vmap(grad(loss), in_dims=(0, None))(many, x[0])
        expected = [grad(loss)({name: one[row] for name, one in many.items()}, x[0]) for row in range(3)]
    else:
        found = vmap(grad(loss), in_dims=(None, 0))(named, x)
        expected = [grad(loss)(named, rows) for rows in x]
    for name, one in found.items():
        torch.testing.assert_close(
            one, torch.stack([each[name] for each in expected]), rtol=1e-12, atol=1e-12
        )


def test_any_dimension_may_be_that_of_vmap():
    shapes = [(2, 4, 3, 9), (2, 9, 3), (2, 9), (2, 9)]
    given = [data(5, *shape).detach() for shape in shapes]
    kept = torch.rand(2, 4, 3) < 0.7
    moved = [one.movedim(0, place) for place, one in enumerate(given[:3])]
    places = (0, 1, 2, None, None)
    found = vmap(torch.ops.shoal_networks.gru, in_dims=places)(*moved, given[3][0], kept)
    expected = [
        torch.ops.shoal_networks.gru(*(one[row] for one in given[:3]), given[3][0], kept) for row in range(5)
    ]
    for one, others in zip(found, zip(*expected, strict=True), strict=True):
        torch.testing.assert_close(one, torch.stack(others), rtol=1e-12, atol=1e-12)


def test_shapes_that_do_not_fit_are_refused():
    good = [torch.zeros(shape) for shape in ((4, 2, 9), (9, 3), (9,), (9,), (4, 2))]
    for place, wrong in enumerate(((4, 2, 8), (9, 4), (8,), (3,), (2, 4))):
        with pytest.raises(ValueError, match="do not fit"):
            gru(*good[:place], torch.zeros(wrong), *good[place + 1 :])
