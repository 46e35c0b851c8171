"""What holds for all tests: Hypothesis measures no time, because other processes share the machine.

Witness tests record how far techniques are off their references; see ``agreement``.
"""

from hypothesis import settings

from agreement import pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")
