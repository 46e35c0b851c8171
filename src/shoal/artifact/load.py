"""Reading an artifact: sizes and checksums first, then the description, then weights of the right shapes.

Nothing is unpickled. Code that the artifact only names (the user's own network, an own activation) is not
part of it, and runs only when the caller gives it or says so.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import safetensors.torch
import torch
from torch import Tensor, nn

from shoal.artifact.contents import FORMAT, Contents
from shoal.artifact.network import build
from shoal.artifact.predict import Predictions, outputs_of, predictions
from shoal.artifact.save import DESCRIPTION, PREPROCESSING, WEIGHTS, digest
from shoal.errors import UserError
from shoal.tasks import own_network
from shoal.tasks.load import load as load_task
from shoal.tasks.metrics import Kind
from shoal.tasks.preprocessing import from_description

SUBFOLDER = "artifact"
"""Where a results folder holds the artifact of its winner."""
_MOST_TEXT = 16 * 2**20
_MOST_BYTES = 8 * 2**30
_PACKED = "network."
"""What names begin with inside shoal.tasks.unpacked.Unpacked, which packs several inputs into one tensor."""
_INSIDE = ("activation", "normalization")  # fields of a recipe whose own files run inside a network

Network = Callable[[], nn.Module] | nn.Module | str


@dataclass(frozen=True)
class Artifact:
    """A finished network with all it takes to use it. network: the module, in evaluation mode, on the CPU."""

    folder: Path
    contents: Contents
    network: nn.Module

    def predict(self, rows: Any) -> Predictions:
        """Predictions for new rows, in their order.

        rows: for a network of a table, a polars or pandas frame or the path of a table (.csv, .tsv, each
        also .gz, .parquet); it needs the columns learned from, others are ignored. For a network of arrays,
        an array or tensor [rows, *features] or the path of an .npz with ``x``.
        Raises UserError for a column that is missing, another shape, NaN or infinity in an array.
        """
        encoded = self.contents.preprocessing(rows)
        given = (self.network, self.contents.recipe["hyper"], encoded.x, self.contents.outputs)
        own = self.contents.recipe["network"] == "own"
        made = own_network.call("the network", outputs_of, *given) if own else outputs_of(*given)
        return predictions(self.contents, made, encoded.notes, self.contents.preprocessing.files(rows))


def load(folder: str | Path, *, network: Network | None = None, own_code: bool = False) -> Artifact:
    """The artifact in ``folder``, or in the results folder ``folder``.

    network: for an artifact of the user's own network, a factory or an instance of it, or the
    ``file.py:function`` of its task. A network of several inputs is loaded to be called with them; in the
    task's own form (``task.network``) it predicts, from inputs packed side by side.
    own_code: run the code that the artifact names, its ``file.py:function`` and own techniques; say so only
    for artifacts of your own.
    Raises UserError, one sentence, for a folder that holds no artifact, is damaged or was written by a newer
    shoal, and for a network whose parameters are not those stored.
    """
    home = locate(Path(folder))
    contents, weights = read(home)
    module = _network(home, contents, weights, network, own_code)
    return Artifact(home, contents, _filled(home, module, _unpacked(module, weights)))


def read(home: Path) -> tuple[Contents, dict[str, Tensor]]:
    """What stands in the artifact's folder, and its weights by name, without a network. Raises UserError."""
    try:
        plain = _description(home)
        data = {name: _file(home, name, plain["files"][name]) for name in (WEIGHTS, PREPROCESSING)}
        contents = _contents(plain, safetensors.torch.load(data[PREPROCESSING]))
        return contents, safetensors.torch.load(data[WEIGHTS])
    except UserError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(home, f"{type(error).__name__}: {error}") from error
    except safetensors.SafetensorError as error:
        raise _damaged(home, str(error)) from error


def locate(folder: Path) -> Path:
    """The artifact's folder: ``folder`` itself, or the one inside a results folder; else UserError."""
    for home in (folder, folder / SUBFOLDER):
        if (home / DESCRIPTION).is_file():
            return home
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name a results folder or an artifact")
    raise UserError(
        f"{folder} holds no artifact; `shoal compare` saves its winner as one if time is left, "
        "`shoal train` its network"
    )


def _description(home: Path) -> dict[str, Any]:
    size = (home / DESCRIPTION).stat().st_size
    if size > _MOST_TEXT:
        raise _damaged(home, f"{DESCRIPTION} has {size:,} bytes")
    plain = json.loads((home / DESCRIPTION).read_text(encoding="utf-8"))
    if not isinstance(plain, dict) or not isinstance(plain.get("format"), int):
        raise UserError(f"{home} is no artifact of shoal: its {DESCRIPTION} states no format")
    if plain["format"] != FORMAT:
        raise UserError(
            f"{home} is an artifact of format {plain['format']}, this shoal reads format {FORMAT}; "
            "use the version of shoal that wrote it"
        )
    return plain


def _file(home: Path, name: str, stated: Mapping[str, Any]) -> bytes:
    """A file's bytes, if they are as many as stated and have the checksum stated."""
    file, size = home / name, stated["bytes"]
    if not file.is_file():
        raise _damaged(home, f"{name} is missing")
    if file.stat().st_size != size or size > _MOST_BYTES:
        raise _damaged(home, f"{name} has {file.stat().st_size:,} bytes, not {size:,}")
    data = file.read_bytes()
    if digest(data) != stated["sha256"]:
        raise _damaged(home, f"{name} is not what was written")
    return data


def _contents(plain: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> Contents:
    """The description with its arrays. Raises LookupError, TypeError or ValueError if it is damaged."""
    named = {field.name: plain[field.name] for field in fields(Contents)}
    described = {**named["preprocessing"], "arrays": {name: one.numpy() for name, one in arrays.items()}}
    features = tuple(int(one) for one in named["features"])
    contents = Contents(**{**named, "features": features, "preprocessing": from_description(described)})
    recipe = contents.recipe
    kinds = {"network": str, "activation": str, "normalization": str, "width": int, "depth": int}
    for name, kind in {**kinds, "residual": bool, "hyper": dict}.items():
        if not isinstance(recipe[name], kind):
            raise TypeError(f"the recipe's {name} is {recipe[name]!r}")
    if contents.kind not in get_args(Kind) or not isinstance(contents.outputs, int):
        raise ValueError(f"kind {contents.kind!r}, outputs {contents.outputs!r}")
    if contents.preprocessing.classes and len(contents.preprocessing.classes) != contents.outputs:
        raise ValueError(f"{len(contents.preprocessing.classes)} classes for {contents.outputs} outputs")
    return contents


def _network(
    home: Path, contents: Contents, weights: Mapping[str, Tensor], given: Network | None, own_code: bool
) -> nn.Module:
    """The network with numbers of its own, or without any where it is built in."""
    recipe = SimpleNamespace(**contents.recipe)
    for field in _INSIDE:
        name = getattr(recipe, field)
        if (name.endswith(".py") or "/" in name) and not own_code:
            raise UserError(
                f"{home} has the {field} {name}, a file of your own that is not part of it; "
                "own_code=True (--own-code) runs it"
            )
    if recipe.network == "own":
        factory = _factory(home, contents, given, own_code)
        with torch.random.fork_rng(devices=[]):
            return own_network.call("the network's factory", build, recipe, contents.features, 0, factory)
    if given is not None:
        raise UserError(f"{home} holds a built-in network ({recipe.network}), so it takes no network")
    if recipe.depth > len(weights):
        raise _damaged(home, f"{len(weights)} tensors cannot be {recipe.depth} layers")
    with torch.device("meta"):
        return build(recipe, contents.features, contents.outputs, vocabulary=contents.vocabulary)


def _factory(
    home: Path, contents: Contents, given: Network | None, own_code: bool
) -> Callable[[], nn.Module]:
    """How the user's own network is made."""
    if given is None and own_code and contents.network_source:
        given = contents.network_source
    if given is None:
        known = contents.network_source
        way = f"own_code=True (--own-code) runs {known}" if known else "none is named in it"
        raise UserError(
            f"{home} holds the weights of your own network and not its code: give it as load(folder, "
            f"network=...), a function that makes it; {way}"
        )
    if not isinstance(given, str):
        return own_network.factory(given)[0]
    made = load_task(given).network
    if made is None:
        raise UserError(f"{given} gives no network, and {home} holds the weights of one")
    return made


def _unpacked(module: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """``weights`` by the names of ``module``, the user's own, which ``Unpacked`` held in training."""
    inner = {name.removeprefix(_PACKED): value for name, value in weights.items() if name.startswith(_PACKED)}
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    return inner if len(inner) == len(weights) and inner.keys() == own.keys() else weights


def _filled(home: Path, module: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    """``module`` with the stored weights in place of its own, ready to predict."""
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    for name in sorted({*own, *weights}):
        if name not in own or name not in weights:
            where = "in the network but not stored" if name in own else "stored but not in the network"
            raise UserError(f"{home} does not fit its network: {name!r} is {where}")
        if own[name].shape != weights[name].shape:
            raise UserError(
                f"{home} does not fit its network: {name!r} has shape {list(own[name].shape)}, stored is "
                f"{list(weights[name].shape)}"
            )
    if any(one.is_meta for one in own.values()):
        module = module.to_empty(device="cpu")
        own = dict(module.named_parameters()) | dict(module.named_buffers())
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)
    return module.requires_grad_(False).eval()


def _damaged(home: Path, why: str) -> UserError:
    return UserError(f"the artifact in {home} is damaged ({' '.join(why.split())[:200]}); write it again")
