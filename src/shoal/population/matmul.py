"""Products of many small matrices on a CPU, in C++ of our own (matmul.cpp), called from compiled packages.

torch's batched product reaches less than half of a core's speed here, and far less for small matrices;
docs/decisions/0003 has the numbers. ``load`` builds the library once per machine (some seconds) and
makes torch.ops.shoal.matmul and torch.ops.shoal.once known; without a compiler it says False.
"""

import subprocess
import tempfile
from pathlib import Path

import torch

from shoal.population import cache

_SOURCE = Path(__file__).with_name("matmul.cpp")
_FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_loaded = False


def _name() -> str:
    return "matmul-" + cache.key(_SOURCE.read_text(), *_FLAGS) + ".so"


def built() -> bool:
    """Whether the library needs no building."""
    return cache.compiler() is not None and cache.find(_name()) is not None


def load(build: bool = True) -> bool:
    """Loads the library, building it first if allowed. False without a compiler or unbuilt."""
    global _loaded
    if _loaded:
        return True
    if cache.compiler() is None:
        return False
    found = cache.find(_name())
    if found is None and build:
        found = _build()
    if found is None:
        return False
    torch.ops.load_library(str(found))
    torch.library.register_fake("shoal::matmul", _matmul_shape)
    torch.library.register_fake("shoal::once", torch.empty_like)
    _loaded = True
    return True


def _build() -> Path:
    root = Path(torch.__file__).parent
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "matmul.so"
        command = [cache.compiler() or "", *_FLAGS, str(_SOURCE), "-o", str(target)]
        command += ["-I", str(root / "include"), "-L", str(root / "lib"), "-ltorch_cpu", "-ltorch"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{cache.compiler()} could not build matmul.cpp:\n{done.stderr[-2000:]}")
        return cache.put(_name(), target)


def _matmul_shape(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return left.new_empty((left.shape[0], left.shape[1], right.shape[2]))
