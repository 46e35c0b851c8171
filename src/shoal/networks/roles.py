"""What a parameter is for: techniques treat matrices, biases, normalization scales and heads differently."""

from torch import nn

from shoal.networks.layers import Activation, Normalization, Scale
from shoal.networks.normalized_weights import Lengths
from shoal.networks.written_out import Embedding, GroupNorm, LayerNorm

_OURS = (Normalization, Scale, LayerNorm, GroupNorm)
_NORMS = (*_OURS, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.modules.batchnorm._BatchNorm)


def roles(module: nn.Module) -> dict[str, str]:
    """Parameter name → "matrix", "bias", "norm", "activation", "embedding" or "head" (the last matrix).

    A normalization's scale and shift are "norm", and so are lengths of weights and scales of branches.
    """
    found: dict[str, str] = {}
    for name, parameter in module.named_parameters():
        child = module.get_submodule(name.rpartition(".")[0])
        if isinstance(child, _NORMS) or (isinstance(child, Lengths) and name.endswith(".length")):
            found[name] = "norm"
        elif isinstance(child, Activation | nn.PReLU):
            found[name] = "activation"
        elif isinstance(child, Embedding | nn.Embedding | nn.EmbeddingBag):
            found[name] = "embedding"
        else:
            found[name] = "matrix" if parameter.ndim >= 2 else "bias"
    matrices = [name for name, role in found.items() if role == "matrix"]
    if matrices:
        found[matrices[-1]] = "head"
    return found
