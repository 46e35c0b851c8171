"""What a forked process owes its parent, and how it holds its memory."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 1 << 30, 32 << 20  # bytes; glibc takes no larger second one


def die_with(parent: int) -> None:
    """This process ends when ``parent`` does, however that ends (Linux; elsewhere nothing happens)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had ended before it could be watched
        os._exit(1)


def keep_memory() -> None:
    """From now on this process keeps up to 1 GiB that it frees (with glibc; elsewhere nothing happens).

    Else images of some megabytes go back to the system after every step, and are cleared page by page when
    the next one asks for them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
