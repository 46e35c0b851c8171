"""What a parameter is for: techniques treat matrices, biases, normalization scales and heads differently."""

from torch import nn

from shoal.networks.layers import Normalization

_NORMS = (Normalization, nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm)


def roles(module: nn.Module) -> dict[str, str]:
    """Parameter name → "matrix", "bias", "norm", "embedding" or "head" (the last matrix of the network)."""
    found: dict[str, str] = {}
    for name, child in module.named_modules():
        for leaf, parameter in child.named_parameters(recurse=False):
            full = f"{name}.{leaf}" if name else leaf
            if isinstance(child, _NORMS):
                found[full] = "norm"
            elif isinstance(child, nn.Embedding | nn.EmbeddingBag):
                found[full] = "embedding"
            else:
                found[full] = "matrix" if parameter.ndim >= 2 else "bias"
    matrices = [name for name, role in found.items() if role == "matrix"]
    if matrices:
        found[matrices[-1]] = "head"
    return found
