"""The Markdown form: a table that stays a table, whatever the names are."""

from shoal.store.report.write import text_of

from . import made


def test_it_has_verdict_table_warnings_and_the_plan(tmp_path):
    found = made.result(
        made.baseline(), made.arm("a|b <i>", 0.97), made.arm("sgd", 0.9, diverged=2, verdict="worse")
    )
    text = text_of(made.write(tmp_path, found, []), "md")
    assert text.startswith("# digits: test accuracy, varying optimizer\n\na\\|b \\<i\\> helps")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3 + 1
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert "- sgd: 2 of 10 runs diverged" in text
    assert '```toml\ntask = "digits"' in text


def test_the_csv_form_is_the_tables_rows(tmp_path):
    text = text_of(made.write(tmp_path, made.result(made.baseline(), made.arm("b")), []), "csv")
    heading, *rows = text.splitlines()
    assert heading.startswith("arm,axis,verdict,mean,low,high,difference")
    assert [row.split(",")[0] for row in rows] == ["b", "adam"]
    assert rows[1].split(",")[10] == ""  # the baseline has no p
