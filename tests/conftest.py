"""What holds for all tests: Hypothesis measures no time, because other processes share the machine."""

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")
