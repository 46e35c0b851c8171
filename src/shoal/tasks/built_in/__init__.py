"""The built-in tasks, a file each with ``SUMMARY``, one line, and ``task()``; file names are task names."""
