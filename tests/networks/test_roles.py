"""Parameters know what they are for."""

from torch import nn

from shoal import catalogue
from shoal.networks.layers import Activation, Normalization
from shoal.networks.normalized_weights import linear
from shoal.networks.roles import roles


class Everything(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(5, 4)
        self.norm = Normalization("batch_norm", catalogue.find("normalization", "batch_norm"), 4)
        self.learned = Activation("prelu", catalogue.find("activation", "prelu"))
        self.directed = linear(("weight_norm", catalogue.find("normalization", "weight_norm")), 4, 4, True)
        self.theirs = nn.LayerNorm(4)
        self.root = nn.RMSNorm(4)
        self.slope = nn.PReLU()
        self.convolution = nn.Conv1d(4, 4, 3)
        self.lstm = nn.LSTM(4, 4)
        self.own = nn.Parameter(nn.init.zeros_(nn.Linear(2, 2).weight.detach()))
        self.head = nn.Linear(4, 2)


def test_every_parameter_has_the_role_of_its_layer():
    found = roles(Everything())
    assert found.keys() == {name for name, _ in Everything().named_parameters()}
    assert found["words.weight"] == "embedding"
    assert {found[f"{name}.{leaf}"] for name in ("norm", "theirs") for leaf in ("weight", "bias")} == {"norm"}
    assert found["learned.parameter"] == found["slope.weight"] == "activation"
    assert found["directed.length"] == "norm" and found["directed.weight"] == "matrix"
    assert found["root.weight"] == "norm"
    assert found["convolution.weight"] == found["lstm.weight_hh_l0"] == found["own"] == "matrix"
    assert found["convolution.bias"] == found["lstm.bias_ih_l0"] == found["head.bias"] == "bias"
    assert [name for name, role in found.items() if role == "head"] == ["head.weight"]


def test_a_shared_matrix_is_named_once():
    network = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    network[2].weight = network[0].weight
    assert roles(network).keys() == {name for name, _ in network.named_parameters()}
    assert roles(network)["0.weight"] == "head"
