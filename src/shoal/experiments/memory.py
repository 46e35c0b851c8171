"""What a trainer may remember of a run: choices in the record, checkpoints in files beside it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from shoal.experiments.training import Journal
from shoal.store import checkpoint
from shoal.store.checkpoint import DamagedCheckpointError


class RunMemory:
    """Fulfils ``shoal.population.trainer.Memory`` for one results folder."""

    def __init__(self, journal: Journal, folder: Path):
        self.journal, self.folder = journal, folder

    def choose(self, key: str, value: Any) -> Any:
        """Records a choice; the first one stays."""
        return self.journal.choose(key, value)

    def save(self, name: str, tensors: Mapping[str, Tensor], meta: Any) -> None:
        """Writes the checkpoint ``name`` whole or not at all."""
        self.folder.mkdir(exist_ok=True)
        checkpoint.save(self._path(name), tensors, meta)

    def load(self, name: str) -> tuple[Mapping[str, Tensor], Any] | None:
        """The checkpoint; None if there is none, or it is damaged: that shard then begins anew."""
        try:
            found = checkpoint.load(self._path(name))
        except DamagedCheckpointError:
            return None
        return None if found is None else (found.tensors, found.meta)

    def drop(self, name: str) -> None:
        """Removes a checkpoint."""
        self._path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes all checkpoints: the run is over."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"
