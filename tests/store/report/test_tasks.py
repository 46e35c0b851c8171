"""A comparison over tasks: one page for the verdict over all, with links to the reports of each."""

import re

from shoal.store.report.write import text_of

from . import made


def over(name, verdict, mean, verdicts, **changes):
    found = {
        "name": name, "verdict": verdict, "mean": mean, "interval": [mean - 0.5, mean + 0.5],
        "verdicts": verdicts, "average_rank": 1.5, "p_corrected": 0.01, "words": f"{name} over tasks",
    }  # fmt: skip
    return found | changes


def folder_of(tmp_path):
    result = {
        "tasks": ["digits", "wine<b>"], "axis": "optimizer", "judge": "score", "baseline": "adam",
        "arms": [
            over("adam", "baseline", 0.0, ["baseline", "baseline"]),
            over("/secret/lion.py", "better", 2.0, ["better", "same"]),
            over("sgd", "undecided", -1.0, ["worse", "undecided"], interval=[None, None]),
        ],
        "comparisons": [{"folder": str(tmp_path / "1-digits")}, None],
        "counted": ["digits"], "notes": ["metrics differ"], "interrupted": True, "seconds": 30.0,
        "networks_trained": 500, "plan_hash": "ab12",
    }  # fmt: skip
    return made.write(tmp_path, result | {"task": "tasks"}, [])


def test_the_page_has_the_verdict_the_table_and_links_to_each_task(tmp_path):
    text = text_of(folder_of(tmp_path))
    assert "Over tasks, lion.py is better than adam; 1 of 2 tasks count." in text
    assert "lion.py over tasks" in text
    assert '<a href="1-digits/report.html">digits</a>' in text
    assert "wine&lt;b&gt;" in text and "wine<b>" not in text
    assert "secret" not in text and str(tmp_path) not in text
    assert len(re.findall(r'<svg class="plot', text)) == 2 + 1
    assert "+2.00 ± 0.50" in text and "−1.00 ± ?" in text
    assert "interrupted: what was finished" in text


def test_its_other_forms(tmp_path):
    folder = folder_of(tmp_path)
    lines = [line for line in text_of(folder, "md").splitlines() if line.startswith("|")]
    assert lines[0] == "| arm | over tasks | difference in margins | average rank | digits | wine\\<b\\> |"
    assert lines[3] == "| lion.py | better | +2.00 ± 0.50 | 1.50 | better | same |"
    heading, *rows = text_of(folder, "csv").splitlines()
    assert heading.endswith("average_rank,p_corrected,digits,wine<b>")
    assert rows[1].startswith("lion.py,better,2,1.5,2.5,1.5,0.01,better,same")
