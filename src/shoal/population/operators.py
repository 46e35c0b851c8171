"""Operators in C++ of our own for compiled packages: torch.ops.shoal.matmul, once, gru, gru_backward.

matmul.cpp multiplies many small matrices: torch's batched product reaches less than half of a core's speed
here, and far less for small matrices; docs/decisions/0003 has the numbers. gru.cpp is the recurrence of
``shoal.networks.recurrence``. ``build`` makes the library once per machine, ``load`` makes them callable.
"""

import subprocess
import tempfile
from pathlib import Path

import torch

from shoal.networks import recurrence
from shoal.population import cache

_FOLDER = Path(__file__).parent
_SOURCES = ("matmul.cpp", "gru.cpp")  # compiled as one: reading torch's headers takes most of the time
_FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_loaded = False
_declared: list[torch.library.Library] = []  # a library object takes its operators with it


def _name() -> str:
    files = (*_SOURCES, "product.h")
    return "operators-" + cache.key(*((_FOLDER / one).read_text() for one in files), *_FLAGS) + ".so"


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
    for name, operator in recurrence.OPERATORS.items():
        library.define(name + operator.schema)
    _declared.append(library)
    _shapes()


def _shapes() -> None:
    torch.library.register_fake("shoal::matmul", _matmul_shape)
    torch.library.register_fake("shoal::once", torch.empty_like)
    for name, operator in recurrence.OPERATORS.items():
        torch.library.register_fake(f"shoal::{name}", operator.shapes)


def build() -> None:
    """Builds the library into the cache (some seconds) unless it is there. Needs a C++ compiler."""
    if not built():
        _build()


def _build() -> Path:
    root = Path(torch.__file__).parent
    with tempfile.TemporaryDirectory() as temporary:
        target, all_of_them = Path(temporary) / "operators.so", Path(temporary) / "operators.cpp"
        all_of_them.write_text("".join(f'#include "{one}"\n' for one in _SOURCES))
        command = [cache.compiler() or "", *_FLAGS, str(all_of_them), "-o", str(target), "-I", str(_FOLDER)]
        command += ["-I", str(root / "include"), "-L", str(root / "lib"), "-ltorch_cpu", "-ltorch"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            names = " and ".join(_SOURCES)
            raise RuntimeError(f"{cache.compiler()} could not build {names}:\n{done.stderr[-2000:]}")
        return cache.put(_name(), target)


def _matmul_shape(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return left.new_empty((left.shape[0], left.shape[1], right.shape[2]))
