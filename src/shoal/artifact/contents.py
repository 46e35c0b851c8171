"""What an artifact says of its network, as plain data: the text of ``artifact.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from shoal.tasks.metrics import Kind
from shoal.tasks.preprocessing import Preprocessing

FORMAT = 1
"""Raised whenever an older shoal could not read what a newer one writes."""


@dataclass(frozen=True)
class Contents:
    """kind, metric, features, outputs and vocabulary: of the task. recipe: all its
    fields; it describes the network.

    network_source: ``file.py:function``, where the user's own network comes from, as text; "" if it was
    given in Python or is built in. preprocessing: what turns rows into inputs and outputs into predictions.
    provenance: where the network comes from (task, fingerprint, seed, versions, date, plan). measured: its
    own numbers, taken on the test rows. Both are JSON and told, never used.
    """

    kind: Kind
    metric: str
    features: tuple[int, ...]
    outputs: int
    recipe: Mapping[str, Any]
    network_source: str
    preprocessing: Preprocessing
    provenance: Mapping[str, Any]
    measured: Mapping[str, Any]
    vocabulary: int = 0

    @property
    def classes(self) -> tuple[str, ...] | tuple[int, ...]:
        """The names of the classes, or their numbers where they have no names; empty if there are none."""
        if self.kind not in ("classification", "language"):
            return ()
        return self.preprocessing.classes or tuple(range(self.outputs))


def text_of(contents: Contents, files: Mapping[str, Mapping[str, Any]]) -> str:
    """artifact.json. files: name → bytes and sha256 of the files beside it. Arrays are left to those."""
    described = {name: one for name, one in contents.preprocessing.describe().items() if name != "arrays"}
    plain = {field.name: getattr(contents, field.name) for field in fields(Contents)}
    plain |= {
        "features": list(contents.features),
        "preprocessing": described,
        "recipe": dict(contents.recipe),
    }
    return json.dumps({"format": FORMAT, **plain, "files": files}, indent=2, ensure_ascii=False) + "\n"
