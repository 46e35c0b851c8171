"""Building packages in processes of their own: in the background while workers train, or waited for."""

import os
import signal
from collections.abc import Callable, Sequence

from shoal.population import matmul
from shoal.population.package import Program
from shoal.population.processes import die_with

GRADIENT_SECONDS, RULE_SECONDS = 13.0, 5.0  # one core's time to build a package, roughly


def is_rule(program: Program) -> bool:
    """Whether it is an optimizer's program, not a gradient's."""
    return program.name.startswith("rule")


class Builder:
    """Builds the operator library and packages that are missing."""

    def __init__(self) -> None:
        self._children: list[int] = []
        self._building: list[Program] = []

    def begin(self, programs: Sequence[Program]) -> None:
        """Builds what is missing in the background, in a process that takes what the workers leave."""
        missing = [one for one in programs if not one.ready()]
        if not missing or self.busy():
            return
        self._building = sorted(missing, key=is_rule)

        def build() -> None:
            os.nice(19)
            for program in self._building:
                program.compile()

        self._children = [*_fork_library(), _fork(build)]

    def wait_for(self, programs: Sequence[Program], say: Callable[[str], None], processes: int) -> None:
        """Builds all of them, ``processes`` at once. Raises RuntimeError if one cannot be built."""
        self.stop()
        missing = sorted((one for one in programs if not one.ready()), key=is_rule)
        waiting, running = list(missing), set(_fork_library())
        while waiting or running:
            while waiting and len(running) < processes:
                program = waiting.pop(0)
                say(f"compiling {program.name} ({len(missing) - len(waiting)} of {len(missing)}, once)")
                running.add(_fork(program.compile))
            child, _ = os.waitpid(-1, 0)
            running.discard(child)
        for program in missing:
            if not program.ready():
                raise RuntimeError(
                    f"the program {program.name} could not be compiled; SHOAL_COMPILE=0 trains without"
                )

    def busy(self) -> bool:
        """Whether something is being built."""
        self._children = [child for child in self._children if not _ended(child)]
        return bool(self._children)

    def note(self) -> str:
        """What is going on, in words; empty if nothing is."""
        if not self.busy():
            return ""
        left = [one.name for one in self._building if not one.ready()]
        return f"compiling {left[0]} in the background, once" if left else ""

    def stop(self) -> None:
        """Ends builds that are under way; what they were building is then missing."""
        for child in self._children:
            if not _ended(child):
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
        self._children = []

    def __del__(self) -> None:
        self.stop()


def _ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _fork_library() -> list[int]:
    return [] if matmul.built() else [_fork(matmul.build)]


def _fork(work: Callable[[], None]) -> int:
    """A process of its own process group that works in silence."""
    parent, child = os.getpid(), os.fork()
    if child:
        _lead_group(child)
        return child
    status = 1
    try:
        _lead_group(0)
        die_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        work()
        status = 0
    finally:
        os._exit(status)


def _lead_group(child: int) -> None:
    """Gives a process (0: this one) a group of its own, from whichever side comes first."""
    try:
        os.setpgid(child, child)
    except (ProcessLookupError, PermissionError):
        return
