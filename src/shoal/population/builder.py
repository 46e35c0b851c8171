"""Building packages in processes of their own: in the background while workers train, or waited for."""

import functools
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence

import torch

from shoal.population import operators
from shoal.population.package import Program
from shoal.population.processes import die_with

_GRADIENT_SECONDS, _RULE_SECONDS, _LOOK = 15.0, 6.0, 0.2  # one core's time to build a package, roughly
_POLL = 0.02  # seconds between looks at what is being built


def seconds(programs: Sequence[Program], processes: int) -> float:
    """A rough guess of the wall time that building these takes."""
    rules = sum(map(is_rule, programs))
    rounds = -(-(len(programs) - rules) // processes), -(-rules // processes)
    return rounds[0] * _GRADIENT_SECONDS + rounds[1] * _RULE_SECONDS


def is_rule(program: Program) -> bool:
    """Whether it is an optimizer's program, not a gradient's."""
    return program.name.startswith("rule")


class Builder:
    """Builds the operator library and packages that are missing."""

    def __init__(self) -> None:
        self._children: list[int] = []
        self._building: list[Program] = []

    def begin(self, programs: Sequence[Program], deadline: float, processes: int) -> None:
        """Starts building what is missing in the background, gradients first.

        There are ``processes`` of them until all gradients are built; then one remains, which takes what the
        workers leave. None begins a program that could not be used before ``deadline`` (time.monotonic).
        """
        missing = sorted((one for one in programs if not one.ready()), key=is_rule)
        if not missing or self.busy():
            return
        self._building = missing
        gradients = [one for one in missing if not is_rule(one)]
        taken = multiprocessing.get_context("fork").Value("i", 0)

        def build(number: int) -> None:
            while True:
                if all(one.ready() for one in gradients):
                    if number:
                        return
                    os.nice(19)
                with taken.get_lock():
                    place = taken.value
                    taken.value += 1
                if place >= len(missing) or deadline - time.monotonic() < _RULE_SECONDS:
                    return
                missing[place].compile()

        first = _fork_library()
        self._children = [*first, *(_fork(functools.partial(build, number)) for number in range(processes))]

    def wait_for_gradients(self, say: Callable[[str], None], until: float) -> None:
        """Waits until the gradients among what ``begin`` is building are there (or could not be built), or
        until ``until`` (time.monotonic)."""
        said = ""
        while self.busy() and (
            left := [one for one in self._building if not is_rule(one) and not one.ready()]
        ):
            if time.monotonic() > until:
                return
            words = f"compiling {left[0].name} ({len(left)} to go, once on this machine)"
            if words != said:
                say(words)
            said = words
            time.sleep(_LOOK)

    def wait_for(
        self,
        programs: Sequence[Program],
        say: Callable[[str], None],
        processes: int,
        until: float = math.inf,
    ) -> None:
        """Builds all of them, ``processes`` at once. Raises RuntimeError if one cannot be built.

        After ``until`` (time.monotonic) it stops, and what is missing then stays missing.
        """
        self.stop()
        missing = sorted((one for one in programs if not one.ready()), key=is_rule)
        waiting, running = list(missing), set(_fork_library())
        while waiting or running:
            while waiting and len(running) < processes:
                program = waiting.pop(0)
                say(f"compiling {program.name} ({len(missing) - len(waiting)} of {len(missing)}, once)")
                running.add(_fork(program.compile))
            if time.monotonic() > until:
                self._children = list(running)
                self.stop()
                return
            time.sleep(_POLL)
            running = {child for child in running if not _ended(child)}
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
    return [] if operators.built() else [_fork(operators.build)]


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
        torch.set_num_threads(1)  # the parent's threads are not here, and would be waited for
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
