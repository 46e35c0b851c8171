"""Compiling in the background: one process builds packages while workers train."""

import os
import signal
import time
from collections.abc import Sequence

from shoal.population.package import Program

_TAKES = 20.0  # seconds a package may take to build; with less time left none is begun


class Builder:
    """Builds packages one after another in a forked process, as long as enough time is left to gain by it."""

    def __init__(self) -> None:
        self._child: int | None = None
        self._building: list[Program] = []

    def begin(self, programs: Sequence[Program], deadline: float) -> None:
        """Starts building, unless a build is under way or too little time is left to gain by it."""
        if not programs or self._running() or deadline - time.monotonic() < 2 * _TAKES:
            return
        self._building = sorted(programs, key=lambda one: not one.name.startswith("gradient"))
        self._child = _fork(self._building, deadline)

    def wait_for(self, program: Program) -> None:
        """Builds a package and waits for it. Raises RuntimeError if it cannot be built."""
        child = _fork([program], None)
        _, status = os.waitpid(child, 0)
        if status or not program.ready():
            raise RuntimeError(
                f"the program {program.name} could not be compiled; SHOAL_COMPILE=0 trains without"
            )

    def note(self) -> str:
        """What is going on, in words; empty if nothing is."""
        if not self._running():
            return ""
        left = [one.name for one in self._building if not one.ready()]
        return f"compiling {left[0]} in the background, once" if left else ""

    def _running(self) -> bool:
        if self._child is None:
            return False
        try:
            ended, _ = os.waitpid(self._child, os.WNOHANG)
        except ChildProcessError:
            ended = self._child
        if ended:
            self._child = None
        return self._child is not None

    def stop(self) -> None:
        """Ends a build that is under way; its package is then not built."""
        if self._running() and self._child is not None:
            os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = None

    def __del__(self) -> None:
        self.stop()


def _fork(programs: Sequence[Program], deadline: float | None) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        for program in programs:
            if deadline is None or deadline - time.monotonic() > _TAKES:
                program.compile()
        status = 0
    finally:
        os._exit(status)
