"""The command line: one file a command, and no thought of its own."""

import time

STARTED = time.monotonic()
"""When the process began, as near as Python lets us see; a budget counts from here."""
