"""Attention, blocks and whole transformers: torch's own layers in float64, causality, filling, heads."""

import pytest
import torch
from torch import nn

from shoal import catalogue
from shoal.networks.attention import Block, Transformer, heads_of
from shoal.networks.char_transformer import CharTransformer
from shoal.networks.forward import Forward, forward
from shoal.networks.parts import Parts
from shoal.networks.text_transformer import TextTransformer
from shoal.networks.vit import ViT


def parts(**changes) -> Parts:
    activation = ("relu", catalogue.find("activation", "relu"))
    normalization = ("layer_norm", catalogue.find("normalization", "layer_norm"))
    made = Parts((5,), 3, 7, 32, 2, False, activation, normalization)
    return made._replace(**changes)


def drawn(module: nn.Module) -> nn.Module:
    """The module in float64, its numbers drawn."""
    torch.manual_seed(3)
    module = module.double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module


def torchs(block: Block, width: int) -> nn.TransformerEncoderLayer:
    """torch's pre-norm layer with the very numbers of a block."""
    layer = nn.TransformerEncoderLayer(
        width, heads_of(width), 4 * width, dropout=0, norm_first=True, batch_first=True, dtype=torch.float64
    )
    with torch.no_grad():
        layer.self_attn.in_proj_weight.copy_(block.attention.mixed.weight)
        layer.self_attn.in_proj_bias.zero_()
        pairs = (
            (layer.self_attn.out_proj, block.attention.joined), (layer.linear1, block.perceptron[0]),
            (layer.linear2, block.perceptron[2]), (layer.norm1, block.first), (layer.norm2, block.second),
        )  # fmt: skip
        for theirs, ours in pairs:
            theirs.weight.copy_(ours.weight)
            theirs.bias.copy_(ours.bias)
    return layer


@pytest.mark.parametrize("masked", [False, True])
def test_a_block_is_torchs_pre_norm_layer_in_values_and_gradients(masked):
    ours = drawn(Block(parts(), tokens=5, layer=0))
    theirs = torchs(ours, 32)
    x = torch.randn(4, 5, 32, dtype=torch.float64)
    places = torch.arange(5)
    mask = places[:, None] >= places if masked else None
    found = ours(x, mask)
    expected = theirs(x, src_mask=None if mask is None else ~mask)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    aim = torch.randn_like(x)
    (found * aim).sum().backward()
    (expected * aim).sum().backward()
    pairs = (
        (ours.attention.mixed.weight, theirs.self_attn.in_proj_weight),
        (ours.attention.joined.weight, theirs.self_attn.out_proj.weight),
        (ours.attention.joined.bias, theirs.self_attn.out_proj.bias),
        (ours.perceptron[0].weight, theirs.linear1.weight), (ours.perceptron[0].bias, theirs.linear1.bias),
        (ours.perceptron[2].weight, theirs.linear2.weight), (ours.perceptron[2].bias, theirs.linear2.bias),
        (ours.first.weight, theirs.norm1.weight), (ours.second.bias, theirs.norm2.bias),
    )  # fmt: skip
    for one, other in pairs:
        assert one.grad.abs().max() > 1e-3
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-10)


def test_a_keys_bias_which_is_left_out_would_have_no_gradient():
    theirs = torchs(drawn(Block(parts(), tokens=5, layer=0)), 32)
    theirs(torch.randn(4, 5, 32, dtype=torch.float64)).square().sum().backward()
    queries, keys, values = theirs.self_attn.in_proj_bias.grad.split(32)
    assert keys.abs().max() < 1e-9 < 1e-3 < min(queries.abs().max(), values.abs().max())


def test_what_comes_later_changes_nothing_before_it():
    network = drawn(CharTransformer(parts()))
    x = torch.tensor([[1.0, 2, 3, 4, 5]])
    before = network(x)
    for place in range(5):
        other = x.clone()
        other[0, place] = 6
        changed = (network(other) != before).any(-1)[0]
        assert changed.tolist() == [at >= place for at in range(5)]


def test_filling_changes_nothing():
    short = drawn(TextTransformer(parts()))
    long = drawn(TextTransformer(parts(features=(9,))))
    with torch.no_grad():
        for name, value in long.named_parameters():
            own = short.get_parameter(name)
            value[: len(own)] = own  # positions: the first ones
    x = torch.tensor([[1.0, 2, 3, 4, 5], [6, 2, 1, 0, 0]])
    more = torch.cat([x, torch.zeros(2, 4)], 1)
    torch.testing.assert_close(long(more), short(x), rtol=1e-12, atol=1e-12)
    alone = drawn(TextTransformer(parts(features=(3,))))
    with torch.no_grad():
        for name, value in alone.named_parameters():
            value.copy_(short.get_parameter(name)[: len(value)])
    torch.testing.assert_close(alone(x[1:, :3]), short(x[1:]), rtol=1e-12, atol=1e-12)


def test_the_mean_is_over_tokens_that_are_no_filling():
    network = drawn(TextTransformer(parts()))
    seen = []
    network.transformer.register_forward_hook(lambda *call: seen.append(call[2]))
    found = network(torch.tensor([[6.0, 2, 1, 0, 0]]))
    torch.testing.assert_close(found, network.head(seen[0][:, :3].mean(1)))


def test_a_row_of_filling_only_gives_the_head_zeros():
    network = drawn(TextTransformer(parts()))
    torch.testing.assert_close(network(torch.zeros(1, 5))[0], network.head.bias)


def test_statistics_of_a_batch_are_those_of_tokens_that_count():
    kind = ("batch_norm", catalogue.find("normalization", "batch_norm"))
    network = drawn(TextTransformer(parts(normalization=kind)))
    x = torch.tensor([[1.0, 2, 3, 4, 5], [6, 2, 1, 0, 0], [4, 4, 4, 4, 4]])

    def running(x: torch.Tensor, weight: list[float]) -> torch.Tensor:
        used = drawn(TextTransformer(parts(normalization=kind)))
        with forward(Forward(True, torch.tensor(weight, dtype=torch.float64), None, {})):
            used(x)
        return used.transformer.blocks[0].first.state_mean

    tokens = network.embedding.weight[x.long()] + network.transformer.positions.weight
    kept = torch.cat([tokens[0], tokens[1, :3]])
    torch.testing.assert_close(running(x, [1, 1, 0]).double(), 0.1 * kept.mean(0))
    names = {name for name, _ in network.named_parameters()}
    assert (
        not {"transformer.blocks.0.attention.joined.bias", "transformer.blocks.0.perceptron.2.bias"} & names
    )


@pytest.mark.parametrize(
    ("width", "heads"), [(8, 1), (16, 1), (64, 4), (100, 5), (97, 1), (128, 4), (256, 8)]
)
def test_heads_divide_any_width(width, heads):
    assert heads_of(width) == heads


def test_gates_halve_channels_and_not_tokens():
    swiglu = ("swiglu", catalogue.find("activation", "swiglu"))
    block = drawn(Block(parts(activation=swiglu), tokens=5, layer=0))
    x = torch.randn(2, 5, 32, dtype=torch.float64)
    wide, _, narrow = block.perceptron
    mapped = wide(x)
    gated = mapped[..., :128] * nn.functional.silu(mapped[..., 128:])
    torch.testing.assert_close(block.perceptron(x.flatten(0, 1)), narrow(gated).flatten(0, 1))


def test_positions_tell_tokens_apart():
    transformer = drawn(Transformer(parts(normalization=None), tokens=5))
    x = torch.randn(1, 5, 32, dtype=torch.float64)
    swapped = transformer(x[:, [1, 0, 2, 3, 4]])[:, [1, 0, 2, 3, 4]]
    assert (swapped - transformer(x)).abs().max() > 1e-3
    with torch.no_grad():
        transformer.positions.weight.zero_()
    swapped = transformer(x[:, [1, 0, 2, 3, 4]])[:, [1, 0, 2, 3, 4]]
    torch.testing.assert_close(swapped, transformer(x))


@pytest.mark.parametrize(("features", "patch", "grid"), [
    ((3, 32, 32), 4, (8, 8)), ((1, 28, 28), 4, (7, 7)), ((8, 8), 1, (8, 8)), ((2, 13, 9), 2, (7, 5)),
])  # fmt: skip
def test_patches_are_those_of_a_convolution(features, patch, grid):
    network = drawn(ViT(parts(features=features, vocabulary=0)))
    assert (network.patch, network.grid) == (patch, grid)
    x = torch.randn(2, *features, dtype=torch.float64)
    seen = []
    network.transformer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    assert network(x).shape == (2, 3)
    image = x.reshape(2, *network.image)
    filling = (0, grid[1] * patch - image.shape[3], 0, grid[0] * patch - image.shape[2])
    image = nn.functional.pad(image, filling, mode="replicate")
    weight = network.patches.weight.view(32, -1, patch, patch)
    expected = nn.functional.conv2d(image, weight, stride=patch).flatten(2).transpose(1, 2)
    torch.testing.assert_close(seen[0], expected)
