"""The page on one's own network tells the truth: its blocks run, one after the other."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "your-own-network.md"


def test_the_blocks_of_the_page_run(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    code = "".join(blocks)
    assert len(blocks) == 4 and code.count('budget="30s"') == 1
    (tmp_path / "page.py").write_text(code.replace('budget="30s"', 'budget="4s"'))
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert {"sgd", "adam"} <= set(done.stdout.split())


def test_the_function_of_the_command_line_is_a_task(tmp_path):
    from shoal.tasks.load import load

    (first, *_) = re.findall(r"^```python\n(.*?)^result", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "mine.py").write_text(f"{first}\nmade = task\ndef task():\n    return made\n")
    assert load(f"{tmp_path}/mine.py:task").batch_size == 32
