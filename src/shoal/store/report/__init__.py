"""The report of a run: from its record to one self-contained page, a Markdown text or rows of CSV."""
