"""A program: a function of flat tensors traced once, run as a graph or as an ahead-of-time compiled package.

Tracing removes vmap's and autograd's cost from every later step; compiling (make_fx graph →
torch.export → AOTInductor) removes Python between operations. A package is shared by all workers and
later runs through the cache: its key is the graph with its constants, shapes and types, and the machine.
"""

import functools
import hashlib
import json
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from shoal.population import cache, operators
from shoal.population.rewrite import rewritten

# Precompiled headers and trial builds for each instruction set cost more than the one build they serve.
_CONFIG = {
    "cpp_cache_precompile_headers": False,
    "aot_inductor.precompile_headers": False,
    "cpp.vec_isa_ok": True,
}


_TRACING = 0.7
"""Seconds that tracing a gradient takes, about."""


class Example(NamedTuple):
    """A function of flat tensors, the tensors to trace it with, and which of their dimensions may differ."""

    function: Callable[..., Sequence[Tensor]]
    inputs: Sequence[Tensor]
    dynamic: Sequence[set[int]]


class Program:
    """A function of flat tensors, traced for all sizes of its dynamic dimensions.

    The function takes and returns flat sequences of tensors and may change its inputs in place. make: gives
    the Example; called only if it must be traced. label: all that the function depends on beside shoal's
    own source, in words, so that the trace is kept from run to run; None keeps nothing. per_member: inputs
    are [members] or [members, parameters]; what is one number a member is then computed once. stays_traced:
    compiling would not repay itself, so the program has no package.
    Calling the program runs the compiled package if ``load`` found one, else the traced graph; the first
    calls, until they have taken as long as tracing would, run the function as it is.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Example],
        label: str | None,
        per_member: bool = False,
        stays_traced: bool = False,
    ):
        self.name, self.per_member, self.stays_traced, self._make = name, per_member, stays_traced, make
        self._label = None if label is None else "\0".join((label, str(per_member), _source()))
        self._package: Any = None
        self._proven = False
        self._eager = 0.0

    def __call__(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """Runs with ``inputs`` (strides as the examples have them, on one device)."""
        if self._package is None:
            return self._function(*inputs) if self._worth_tracing() else self._untraced(inputs)
        if not self._proven:
            self._prove(inputs)
        return self._package.run([*inputs, *self._constants])

    def _worth_tracing(self) -> bool:
        """Whether the trace is at hand, or was missed for as long as tracing takes. Both do the same, bit by
        bit: a trace is the operations that eager calls run."""
        return "_function" in self.__dict__ or self._eager > _TRACING or self._label is None or self._in_cache

    def _untraced(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        began = time.perf_counter()
        made = self._example.function(*inputs)
        self._eager += time.perf_counter() - began
        return made

    @functools.cached_property
    def _example(self) -> Example:
        return self._make()

    @functools.cached_property
    def _in_cache(self) -> bool:
        return self._trace_name is not None and cache.find(self._trace_name) is not None

    @property
    def _trace_name(self) -> str | None:
        return None if self._label is None else f"trace-{cache.key(self._label)}.json"

    @functools.cached_property
    def _constants(self) -> list[Tensor]:
        """Tensors that the user's code closes over, in the order in which the graph first names them."""
        self.trace()
        if "_traced" not in self.__dict__:
            return []  # a trace that is kept in the cache has none
        graph = self._traced[0]
        names = [str(node.target) for node in graph.graph.nodes if node.op == "get_attr"]
        return [getattr(graph, name) for name in dict.fromkeys(names)]

    def _prove(self, inputs: Sequence[Tensor]) -> None:
        """Once after loading: the package must do what the graph does (it checks no strides)."""
        plain, packed = [value.clone() for value in inputs], [_like(value) for value in inputs]
        expected = [*self._function(*plain), *plain]
        made = self._package.run([*packed, *self._constants])
        found = [*made[: len(expected) - len(plain)], *packed]
        for one, other in zip(expected, found, strict=True):
            if one.is_floating_point() and not torch.allclose(
                one, other, rtol=1e-3, atol=1e-5, equal_nan=True
            ):
                raise RuntimeError(
                    f"the compiled program {self.key} disagrees with its own graph: please report it"
                )
        self._proven = True

    @functools.cached_property
    def _traced(self) -> tuple[fx.GraphModule, Example]:
        return _trace(self._example), self._example

    @functools.cached_property
    def _kept(self) -> tuple[str, str]:
        """The graph as source text, and what a package's key says of its inputs; from the cache if there."""
        name = self._trace_name
        found = None if name is None else cache.find(name)
        if found is not None:
            code, inputs = json.loads(found.read_text())
            return code, inputs
        graph, example = self._traced
        pairs = zip(example.inputs, example.dynamic, strict=True)
        inputs = "".join(f"{t.dtype}{tuple(t.shape)}{t.stride()}{sorted(d)}" for t, d in pairs)
        inputs += "".join(f"{one}{_exactly(value)}" for one, value in graph.named_buffers())
        code = graph.graph.python_code("self").src
        if name is not None and all(node.op != "get_attr" for node in graph.graph.nodes):
            with tempfile.TemporaryDirectory() as temporary:
                path = Path(temporary) / "trace.json"
                path.write_text(json.dumps([code, inputs]))
                cache.put(name, path)
        return code, inputs

    @functools.cached_property
    def _function(self) -> Callable[..., Sequence[Tensor]]:
        code, _ = self._kept
        if "_traced" in self.__dict__:
            return self._traced[0].forward
        names: dict[str, Any] = {"torch": torch, "device": torch.device, "inf": math.inf, "nan": math.nan}
        exec(code, names)
        return functools.partial(names["forward"], None)

    def trace(self) -> None:
        """Traces now, or finds the trace in the cache, so that calls do not have to."""
        self._function  # noqa: B018

    @functools.cached_property
    def key(self) -> str:
        """The cache's name for the package: by its label, or else by its graph."""
        made_of = self._kept if self._label is None else (self._label,)
        return f"{self.name}-{cache.key(*made_of, str(self.per_member))}.pt2"

    @property
    def kept(self) -> bool:
        """Whether its trace is kept from process to process, so that nobody needs to trace it beforehand."""
        return self._label is not None

    @property
    def compiled(self) -> bool:
        """Whether calls run the compiled package."""
        return self._package is not None

    def ready(self) -> bool:
        """Whether there is nothing to wait for: ``load`` would find a package, or the program has none."""
        return self.stays_traced or (operators.built() and cache.find(self.key) is not None)

    def load(self) -> bool:
        """Uses the compiled package from now on, if it is in the cache."""
        if self._package is None and not self.stays_traced and self.ready():
            operators.load()
            path = cache.find(self.key)
            self._package = torch._C._aoti.AOTIModelPackageLoader(str(path), "model", False, 1, -1)
        return self.compiled

    def unload(self) -> None:
        """Back to the traced graph."""
        self._package = None

    def compile(self) -> None:
        """Builds the package into the cache (some ten seconds, one core). Needs a C++ compiler.

        ``load`` in this same process needs ``operators.build`` to have come first.
        """
        operators.know()
        from torch._inductor import aoti_compile_and_package
        from torch.export import Dim, export

        traced, example = self._traced
        graph = rewritten(traced, self.per_member)
        inputs = (*example.inputs, *self._constants)
        shapes = tuple({size: Dim.AUTO for size in sizes} for sizes in example.dynamic)
        shapes += ({},) * len(self._constants)
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as temporary:
            warnings.simplefilter("ignore")
            exported = export(_Returning(graph), inputs, dynamic_shapes=(shapes,))
            path = aoti_compile_and_package(
                exported, package_path=f"{temporary}/package.pt2", inductor_configs=_CONFIG
            )
            cache.put(self.key, Path(path))


def _exactly(constant: Tensor) -> str:
    """A constant in words that no other has; its repr rounds, and shortens what is long."""
    numbers = constant.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    return f"{constant.dtype}{tuple(constant.shape)}{hashlib.sha256(numbers).hexdigest()}"


def _like(value: Tensor) -> Tensor:
    """A copy with the very same strides."""
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=value.device).copy_(
        value
    )


class _Returning(nn.Module):
    """The graph as a module; a program that only changes its inputs returns one number, as export asks."""

    def __init__(self, graph: fx.GraphModule):
        super().__init__()
        self.graph = graph

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.graph(*inputs)) or (torch.zeros(1),)


@functools.cache
def _source() -> str:
    """shoal's own source of all that a trace can depend on."""
    root = Path(__file__).parent.parent
    files = [*root.glob("techniques/**/*.py"), *root.glob("networks/*.py")]
    own = ("gradient", "rules", "links", "package", "rewrite", "template")
    files += [root / "population" / f"{name}.py" for name in own]
    return "\0".join(file.read_text() for file in sorted(files))


def _trace(example: Example) -> fx.GraphModule:
    from torch._dynamo.source import ConstantSource
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import (
        DimDynamic,
        ShapeEnv,
        StatelessSymbolicContext,
    )

    mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    mode.cache_enabled = False  # with free sizes, writing its entries takes longer than what they save
    fake = []
    for number, (tensor, sizes) in enumerate(zip(example.inputs, example.dynamic, strict=True)):
        context: Any = StatelessSymbolicContext(
            dynamic_sizes=[
                DimDynamic.DYNAMIC if d in sizes else DimDynamic.STATIC for d in range(tensor.ndim)
            ]
        )
        source = ConstantSource(f"input{number}")
        fake.append(mode.from_tensor(tensor, symbolic_context=context, source=source))
    with mode:
        graph = make_fx(example.function)(*fake)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph
