"""The recurrent text classifier against torch's own modules."""

import pytest
import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.networks.forward import Forward, forward
from shoal.networks.parts import Parts
from shoal.networks.roles import roles
from shoal.networks.text_gru import TextGRU, build

DROPOUT = ("dropout", catalogue.find("regularizer", "dropout"))
RELU = ("relu", catalogue.find("activation", "relu"))


def network(depth: int = 2, regularizers: tuple = ()) -> TextGRU:
    torch.manual_seed(1)
    return build(Parts((6,), 3, 9, 5, depth, False, RELU, regularizers=regularizers)).double()


def tokens(rows: int, length: int = 6) -> Tensor:
    """Token numbers from 1 to 8, as floats, of rows of every length, none without a token."""
    source = torch.Generator().manual_seed(3)
    drawn = torch.randint(1, 9, (rows, length), generator=source).float()
    lengths = torch.randint(1, length + 1, (rows, 1), generator=source)
    return drawn * (torch.arange(length) < lengths)


def plain(made: TextGRU, row: Tensor) -> Tensor:
    """torch's own layers with the same numbers, on one text without its filling: [outputs]."""
    ids = row[row > 0].long()
    x = nn.functional.embedding(ids, made.embedding.weight)[None]
    for layer in made.layers:
        theirs = nn.GRU(5, 5, batch_first=True).double()
        theirs.load_state_dict({f"{name}_l0": value for name, value in layer.state_dict().items()})
        x = theirs(x)[0]
    return made.head(x[0].mean(0))


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_it_is_torchs_layers_on_each_text_by_itself(depth):
    made, x = network(depth), tokens(7)
    expected = torch.stack([plain(made, row) for row in x])
    torch.testing.assert_close(made(x), expected, rtol=1e-10, atol=1e-10)
    front = torch.stack([torch.cat([row[row == 0], row[row > 0]]) for row in x])
    torch.testing.assert_close(made(front), expected, rtol=1e-10, atol=1e-10)


def test_a_text_without_tokens_has_finite_outputs_and_gradients():
    made = network()
    made(torch.zeros(2, 6)).sum().backward()
    assert all(value.grad.isfinite().all() for value in made.parameters() if value.grad is not None)


def test_its_regularizers_act_in_training_at_three_places():
    made, x = network(regularizers=(DROPOUT,)), tokens(4)
    quiet = made(x)
    key, full = torch.tensor(5), {"dropout.rate": torch.tensor(0.5)}
    with forward(Forward(True, None, key, full)):
        noisy = made(x)
    with forward(Forward(False, None, None, full)):
        assert torch.equal(made(x), quiet)
    assert not torch.equal(noisy, quiet)
    sites = [one.site for one in made.modules() if hasattr(one, "site")]
    assert len(sites) == len(set(sites)) == 3


def test_its_parameters_have_roles():
    found = roles(network(1))
    assert found["embedding.weight"] == "embedding" and found["head.weight"] == "head"
    assert found["layers.0.weight_hh"] == found["layers.0.weight_ih"] == "matrix"
    assert found["layers.0.bias_hh"] == found["layers.0.bias_ih"] == "bias"
