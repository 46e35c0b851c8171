"""Products of many small matrices on a CPU, in C++ of our own (matmul.cpp), called from compiled packages.

torch's batched product reaches less than half of a core's speed here, and far less for small matrices;
docs/decisions/0003 has the numbers. ``build`` makes the library once per machine, ``load`` makes
torch.ops.shoal.matmul and torch.ops.shoal.once callable.
"""

import subprocess
import tempfile
from pathlib import Path

import torch

from shoal.population import cache

_SOURCE = Path(__file__).with_name("matmul.cpp")
_FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_loaded = False
_declared: list[torch.library.Library] = []  # a library object takes its operators with it


def _name() -> str:
    return "matmul-" + cache.key(_SOURCE.read_text(), *_FLAGS) + ".so"


def built() -> bool:
    """Whether the library needs no building."""
    return cache.compiler() is not None and cache.find(_name()) is not None


def load() -> bool:
    """Makes the operators callable. False where the library is not built."""
    global _loaded
    if not _loaded and built():
        torch.ops.load_library(str(cache.find(_name())))
        _shapes()
        _loaded = True
    return _loaded


def know() -> None:
    """Makes the operators known, to compile programs that call them: loaded, or else only declared.

    A process that declared them (the library is still being built) cannot load them any more.
    """
    if _declared or load():
        return
    library = torch.library.Library("shoal", "DEF")
    library.define("matmul(Tensor left, Tensor right) -> Tensor")
    library.define("once(Tensor value) -> Tensor")
    _declared.append(library)
    _shapes()


def _shapes() -> None:
    torch.library.register_fake("shoal::matmul", _matmul_shape)
    torch.library.register_fake("shoal::once", torch.empty_like)


def build() -> None:
    """Builds the library into the cache (some seconds) unless it is there. Needs a C++ compiler."""
    if not built():
        _build()


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
