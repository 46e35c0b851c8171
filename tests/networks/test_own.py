"""A user's module with shoal's dropout and batch normalization in place of torch's: equal mathematics."""

import copy

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.errors import UserError
from shoal.networks.forward import Forward, forward
from shoal.networks.layers import Dropout
from shoal.networks.own import adopt
from shoal.networks.roles import roles

TECHNIQUES = (catalogue.find("regularizer", "dropout"), catalogue.find("normalization", "batch_norm"))


class Images(nn.Module):
    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 3, 3)
        self.body = nn.Sequential(nn.BatchNorm2d(3, momentum=0.3, eps=1e-3), nn.ReLU(), nn.Dropout(rate))
        self.norm = nn.BatchNorm1d(12)
        self.head = nn.Linear(12, 2)

    def forward(self, x):
        return self.head(self.norm(self.body(self.first(x)).flatten(1)))


def used(network: nn.Module) -> nn.Module:
    """With numbers as after some training."""
    torch.manual_seed(2)
    for value in [*network.parameters(), *network.buffers()]:
        if value.is_floating_point():
            value.data.uniform_(0.5, 1.5)
    return network.double()


@pytest.mark.parametrize("training", [False, True])
def test_outputs_and_running_statistics_equal_torchs(training):
    theirs = used(Images())
    ours = adopt(theirs, *TECHNIQUES)
    theirs.train(training)
    x = torch.randn(6, 2, 4, 4, dtype=torch.float64)
    for _ in range(3):
        with forward(Forward(training, None, None, {})):
            found = ours(x)
        torch.testing.assert_close(found, theirs(x), rtol=1e-12, atol=1e-12)
        x = x * 2 + 1
    running = [value for name, value in theirs.named_buffers() if "running" in name]
    for own, other in zip(ours.buffers(), running, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-12, atol=1e-12)


def test_the_users_module_stays_as_it_was():
    theirs = used(Images(0.5))
    before = copy.deepcopy(theirs)
    ours = adopt(theirs, *TECHNIQUES)
    with forward(Forward(True, None, torch.tensor(3), {})):
        ours(torch.randn(6, 2, 4, 4, dtype=torch.float64)).sum().backward()
    assert str(theirs) == str(before)
    assert all(value.grad is None for value in theirs.parameters())
    for name, value in theirs.state_dict().items():
        assert torch.equal(value, before.state_dict()[name]), name


def in_training(network: nn.Module, x: torch.Tensor, key: int = 3) -> torch.Tensor:
    with forward(Forward(True, None, torch.tensor(key), {})):
        return network(x)


def test_dropout_keeps_its_rate_and_its_mean_and_is_silent_in_evaluation():
    ours = adopt(nn.Sequential(nn.Dropout(0.3)), *TECHNIQUES)
    x = torch.ones(200, 200)
    found = in_training(ours, x)
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert float((found == 0).double().mean()) == pytest.approx(0.3, abs=0.01)  # 4 standard errors
    assert torch.equal(ours(x), x)


def test_dropout_layers_draw_apart_also_one_layer_used_twice_or_named_twice():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.other = nn.Dropout(0.5), nn.Dropout(0.5)
            self.alias = self.one

        def forward(self, x):
            return torch.stack([self.one(x), self.one(x), self.other(x), self.alias(x)])

    ours = adopt(Twice(), *TECHNIQUES)
    assert not any(type(child) is nn.Dropout for child in ours.modules())
    masks = in_training(ours, torch.ones(40, 40)) == 0
    for number, mask in enumerate(masks):
        for other in masks[:number]:
            agreement = float((mask == other).double().mean())
            assert agreement == pytest.approx(0.5, abs=0.06)  # 5 standard errors
    assert torch.equal(masks, in_training(ours, torch.ones(40, 40)) == 0)
    assert not torch.equal(masks, in_training(ours, torch.ones(40, 40), key=4) == 0)


def test_a_layer_shared_under_two_names_stays_shared():
    norm = nn.BatchNorm1d(3)
    ours = adopt(nn.Sequential(nn.Linear(3, 3), norm, nn.Tanh(), norm), *TECHNIQUES)
    assert ours[1] is ours[3] and type(ours[1]) is not nn.BatchNorm1d


def test_the_whole_module_may_be_one_layer():
    assert isinstance(adopt(nn.Dropout(0.2), *TECHNIQUES), Dropout)


REFUSED = {
    "Dropout2d": nn.Sequential(nn.Dropout2d(0.1)),
    "AlphaDropout": nn.Sequential(nn.AlphaDropout(0.1)),
    "RReLU": nn.Sequential(nn.RReLU()),
    "LSTM": nn.Sequential(nn.LSTM(3, 3, 2, dropout=0.2)),
    "MultiheadAttention": nn.Sequential(nn.MultiheadAttention(4, 2, dropout=0.2)),
    "momentum": nn.Sequential(nn.BatchNorm1d(3, momentum=None)),
    "affine": nn.Sequential(nn.BatchNorm1d(3, affine=False)),
    "running statistics": nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False)),
    "InstanceNorm1d": nn.Sequential(nn.InstanceNorm1d(3, track_running_stats=True)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_population_cannot_do_is_refused_in_one_sentence(what):
    with pytest.raises(UserError, match=what) as caught:
        adopt(REFUSED[what], *TECHNIQUES)
    assert "'0'" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("layer", [nn.LSTM(3, 3, 2), nn.MultiheadAttention(4, 2), nn.InstanceNorm1d(3)])
def test_what_draws_no_noise_is_kept(layer):
    assert type(adopt(nn.Sequential(layer), *TECHNIQUES)[0]) is type(layer)


@pytest.mark.parametrize("settings", [{"max_norm": 1.0}, {"scale_grad_by_freq": True}])
def test_embeddings_that_change_weights_or_gradients_themselves_are_refused(settings):
    with pytest.raises(UserError, match=r"Embedding at '0' has max_norm or scale_grad_by_freq"):
        adopt(nn.Sequential(nn.Embedding(3, 2, **settings)), *TECHNIQUES)


def test_an_embedding_keeps_its_weight_and_role():
    layer = nn.Embedding(3, 2)
    made = adopt(nn.Sequential(layer, nn.Linear(2, 2)), *TECHNIQUES)
    assert torch.equal(made[0].weight, layer.weight)
    assert roles(made)["0.weight"] == "embedding"


class Recurrent(nn.Module):
    """The user's own recurrent layer, used as people do."""

    def __init__(self, given: str = "", **settings) -> None:
        super().__init__()
        self.given = given
        self.recurrent = nn.GRU(4, 5, batch_first=True, **settings)

    def forward(self, x):
        if self.given == "state":
            return self.recurrent(x, torch.ones(1, x.shape[0], 5, dtype=x.dtype))[0]
        if self.given == "packed":
            packed = nn.utils.rnn.pack_padded_sequence(x, [3] * len(x), batch_first=True)
            return self.recurrent(packed)[1][0]
        states, last = self.recurrent(x)
        return states.sum(-1) + 2 * last[0].sum(-1)[:, None]


@pytest.mark.parametrize("given", ["", "state", "packed"])
@pytest.mark.parametrize(
    "settings", [{}, {"bias": False}, {"num_layers": 2}, {"bidirectional": True}], ids=str
)
def test_a_recurrent_layer_is_torchs_whatever_it_is_given(given, settings):
    if given == "state" and ("num_layers" in settings or "bidirectional" in settings):
        pytest.skip("the state given is of one layer")
    theirs = used(Recurrent(given, **settings))
    ours = adopt(theirs, *TECHNIQUES)
    assert list(ours.state_dict()) == list(theirs.state_dict()) and roles(ours) == roles(theirs)
    x = torch.randn(6, 3, 4, dtype=torch.float64)
    found, expected = ours(x), theirs(x)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    found.square().sum().backward()
    expected.square().sum().backward()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, rtol=1e-9, atol=1e-9)
