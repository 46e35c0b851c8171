"""A user's own module, made fit for a population: some of its layers are replaced by equal ones.

torch's dropout draws noise from a global generator and its batch normalization counts batches in place, so a
member's noise would depend on its neighbors; shoal's have the same mathematics with noise of the member's
own. nn.GELU, nn.LayerNorm, nn.GroupNorm and nn.Embedding are written out, because their traces hold for one
number of members only; so does that of nn.GRU, whose recurrence is an operator of shoal's.
"""

import copy

from torch import nn

from shoal.errors import UserError
from shoal.networks.gru import OwnGRU, follows
from shoal.networks.layers import Dropout, Normalization
from shoal.networks.written_out import GELU, Embedding, GroupNorm, LayerNorm

_NOISY = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.RReLU)


def adopt(module: nn.Module, dropout, batch_norm) -> nn.Module:
    """A deep copy in which nn.Dropout and nn.BatchNorm* (techniques given by the caller), nn.GELU,
    nn.LayerNorm, nn.GroupNorm, nn.Embedding and nn.GRU (of one layer and direction, rows first) are replaced.

    Normalizations keep their weights and running statistics; a layer under two names stays one layer.
    Raises UserError for layers that draw other noise or keep other statistics, for a batch normalization with
    ``momentum=None``, ``affine=False`` or ``track_running_stats=False``, and for an embedding with
    ``max_norm`` or ``scale_grad_by_freq``.
    """
    module = copy.deepcopy(module)
    made: dict[nn.Module, nn.Module] = {}
    for name, child in list(module.named_modules(remove_duplicate=False)):
        if child not in made:
            _check(name, child)
            site = sum(isinstance(one, Dropout) for one in made.values())
            made[child] = _replaced(name, child, site, dropout, batch_norm)
        if made[child] is child:
            continue
        if not name:
            return made[child]
        parent, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(parent), leaf, made[child])
    return module


def _check(name: str, layer: nn.Module) -> None:
    noisy = isinstance(layer, nn.RNNBase | nn.MultiheadAttention) and layer.dropout > 0
    if isinstance(layer, _NOISY) or noisy:
        raise UserError(
            f"{type(layer).__name__} at {name!r} draws noise that a population cannot give each member for "
            f"itself: {'set its dropout to 0 there' if noisy else 'use nn.Dropout there'}"
        )
    if isinstance(layer, nn.Embedding) and (layer.max_norm is not None or layer.scale_grad_by_freq):
        raise UserError(
            f"Embedding at {name!r} has max_norm or scale_grad_by_freq, which change weights or gradients "
            "beside the optimizer: leave them out"
        )
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm) and layer.track_running_stats:
        raise UserError(
            f"{type(layer).__name__} at {name!r} keeps running statistics, which a population cannot follow: "
            "set track_running_stats=False there"
        )


def _replaced(name: str, layer: nn.Module, site: int, dropout, batch_norm) -> nn.Module:
    if isinstance(layer, nn.Dropout):
        return Dropout("dropout", dropout, site, dropout.Hyper(rate=layer.p))
    if isinstance(layer, nn.GRU) and follows(layer):
        return OwnGRU(layer)
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
        return _batch_norm(name, layer, batch_norm)
    written = {nn.GELU: GELU, nn.Embedding: Embedding, nn.LayerNorm: LayerNorm, nn.GroupNorm: GroupNorm}
    return next((make(layer) for kind, make in written.items() if isinstance(layer, kind)), layer)


def _batch_norm(name: str, layer, technique) -> nn.Module:
    if layer.momentum is None or not layer.affine or not layer.track_running_stats:
        raise UserError(
            f"the batch normalization at {name!r} has momentum=None, affine=False or no running statistics: "
            "a population needs the usual ones"
        )
    default = technique.Hyper(momentum=layer.momentum, eps=layer.eps)
    new = Normalization("batch_norm", technique, layer.num_features, default)
    new.weight, new.bias = layer.weight, layer.bias
    new.state_mean, new.state_var = layer.running_mean, layer.running_var
    return new
