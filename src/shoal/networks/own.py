"""A user's own module, made fit for a population: its dropout and batch normalization become shoal's.

torch's layers draw noise from a global generator and count batches in place, so a member's noise would
depend on its neighbors. The replacement has the same mathematics with noise of the member's own.
"""

import copy

from torch import nn

from shoal.networks.layers import Dropout, Normalization


def adopt(module: nn.Module, dropout, batch_norm) -> nn.Module:
    """A deep copy in which nn.Dropout* and nn.BatchNorm* are replaced (techniques given by the caller).

    Raises ValueError for a batch normalization with ``momentum=None`` (cumulative average).
    """
    module = copy.deepcopy(module)
    site = 0
    for name, child in list(module.named_modules()):
        new: nn.Module | None = None
        if isinstance(child, nn.Dropout | nn.Dropout1d | nn.Dropout2d | nn.Dropout3d):
            if not isinstance(child, nn.Dropout):
                raise ValueError(
                    f"{type(child).__name__} at {name!r} drops whole channels, which a population cannot "
                    "do yet: use nn.Dropout there"
                )
            new, site = Dropout("dropout", dropout, site, dropout.Hyper(rate=child.p)), site + 1
        elif isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            new = _batch_norm(name, child, batch_norm)
        if new is None:
            continue
        if not name:
            return new
        parent, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(parent), leaf, new)
    return module


def _batch_norm(name: str, layer, technique) -> nn.Module:
    if layer.momentum is None or not layer.affine or not layer.track_running_stats:
        raise ValueError(
            f"the batch normalization at {name!r} has momentum=None, affine=False or no running statistics: "
            "a population needs the usual ones"
        )
    default = technique.Hyper(momentum=layer.momentum, eps=layer.eps)
    new = Normalization("batch_norm", technique, layer.num_features, default)
    new.weight, new.bias = layer.weight, layer.bias
    return new
