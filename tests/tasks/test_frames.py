"""Typed columns become text that reads back as the same values, from every source alike."""

import datetime as dt
import gzip
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from shoal.errors import UserError
from shoal.tasks import parquet
from shoal.tasks.frames import is_table, read_table, stem
from shoal.tasks.tables import from_table

MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, 500_000)
TYPED = {
    "int": pl.Series([2**63 - 1, None, -5]),
    "unsigned": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
    "float": pl.Series([1 / 3, np.nan, 1e300]),
    "single": pl.Series([0.1, None, 3.0], dtype=pl.Float32),
    "bool": pl.Series([True, False, None]),
    "text": pl.Series([" a ", None, "NA"]),
    "category": pl.Series(["1", "2", None], dtype=pl.Categorical),
    "enum": pl.Series(["u", "v", None], dtype=pl.Enum(["u", "v"])),
    "day": pl.Series([MOMENT.date(), None, dt.date(1969, 12, 31)]),
    "moment": pl.Series([MOMENT, MOMENT.replace(microsecond=0), None], dtype=pl.Datetime("ns")),
    "zoned": pl.Series([MOMENT] * 3).dt.replace_time_zone("Europe/Berlin"),
    "hour": pl.Series([dt.time(1, 0, 0, 500_000), None, dt.time(0)]),
    "span": pl.Series([dt.timedelta(seconds=1.5), None, dt.timedelta(days=1)], dtype=pl.Duration("ms")),
    "decimal": pl.Series([Decimal("1.10"), None, Decimal("-2.00")]),
    "nothing": pl.Series([None, None, None]),
}
TEXT = {
    "int": ["9223372036854775807", None, "-5"],
    "unsigned": ["18446744073709551615", "0", None],
    "float": ["0.3333333333333333", None, "1e+300"],
    "single": ["0.10000000149011612", None, "3.0"],
    "bool": ["true", "false", None],
    "text": ["a", None, "NA"],
    "category": ["1", "2", None],
    "enum": ["u", "v", None],
    "day": ["2024-01-02", None, "1969-12-31"],
    "moment": ["2024-01-02 03:04:05.500", "2024-01-02 03:04:05", None],
    "zoned": ["2024-01-02 02:04:05.500"] * 3,
    "hour": ["3600.5", None, "0.0"],
    "span": ["1.5", None, "86400.0"],
    "decimal": ["1.10", None, "-2.00"],
    "nothing": [None, None, None],
}


def test_every_type_of_polars():
    table = read_table(pl.DataFrame(TYPED))
    assert table.text.to_dict(as_series=False) == TEXT
    assert table.declared == {"category", "enum"} and table.names == tuple(TYPED)


def test_parquet_is_the_same_and_only_what_is_kept_is_read(tmp_path):
    frame = pl.DataFrame(TYPED).with_columns(lists=pl.Series([[1], [2], [3]]))
    frame.write_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", lambda name: name != "lists")
    assert table.text.to_dict(as_series=False) == TEXT and "lists" in table.names
    assert table.declared == {"category", "enum"}
    with pytest.raises(
        UserError, match=r"column 'lists' of .*a.parquet holds lists, not one number, .*ignore it"
    ):
        read_table(tmp_path / "a.parquet")


def test_floats_survive_bit_for_bit():
    random = np.random.RandomState(0)
    values = random.normal(size=5000) * 10.0 ** random.randint(-300, 300, 5000)
    text = read_table(pl.DataFrame({"x": values})).text["x"]
    np.testing.assert_array_equal(text.cast(pl.Float64).to_numpy(), values)


def test_pandas_by_column_without_pyarrow():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "float": [1 / 3, np.nan, 1e300],
            "single": np.array([0.1, np.nan, 3], np.float32),
            "nullable": pandas.array([2**62 + 1, None, 3], dtype="Int64"),
            "bool": pandas.array([True, None, False], dtype="boolean"),
            "text": [" a ", None, "NA"],
            "category": pandas.Categorical([1, None, 2]),
            "moment": pandas.to_datetime(["2024-01-02 03:04:05.5", None, "2024-01-02"], format="ISO8601"),
            "zoned": pandas.to_datetime(["2024-01-02 03:04:05"] * 3).tz_localize("Europe/Berlin"),
            "span": pandas.to_timedelta([1.5, None, 3], unit="s"),
            "object": [dt.date(2024, 1, 2), None, dt.date(1969, 12, 31)],
            "mixed": [1, "b", True],
            7: [1, 2, 3],
        },
        index=[5, 6, 7],
    )
    table = read_table(frame)
    assert table.text.to_dict(as_series=False) == {
        "float": ["0.3333333333333333", None, "1e+300"],
        "single": ["0.10000000149011612", None, "3.0"],
        "nullable": [str(2**62 + 1), None, "3"],
        "bool": ["true", None, "false"],
        "text": ["a", None, "NA"],
        "category": ["1", None, "2"],
        "moment": ["2024-01-02 03:04:05.500", None, "2024-01-02 00:00:00"],
        "zoned": ["2024-01-02 02:04:05"] * 3,
        "span": ["1.5", None, "3.0"],
        "object": ["2024-01-02", None, "1969-12-31"],
        "mixed": ["1", "b", "true"],
        "7": ["1", "2", "3"],
    }
    assert table.declared == {"category"}
    with pytest.raises(UserError, match="'x' of the frame holds Python objects"):
        read_table(pandas.DataFrame({"x": [[1], [2]]}))
    with pytest.raises(UserError, match="the frame has 2 columns called 'a'"):
        read_table(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_frame_and_files_of_it_make_one_task(tmp_path):
    random = np.random.RandomState(1)
    frame = pl.DataFrame(
        {
            "n": random.normal(size=90),
            "k": random.randint(0, 3, 90),
            "d": [dt.date(2024, i % 12 + 1, 1) for i in range(90)],
            "y": random.randint(0, 2, 90).astype(bool),
        }
    )
    frame.write_csv(tmp_path / "t.csv")
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.tsv"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    first = from_table(frame, "y")
    assert first.name == "frame" and first.features == (5,)
    for name in ("t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz", "t.parquet"):
        task = from_table(tmp_path / name, "y")
        assert (task.name, task.fingerprint, task.notes) == ("t", first.fingerprint, first.notes)


def test_declared_categories_are_no_numbers():
    codes = pl.Series([str(i % 4) for i in range(80)])
    frame = pl.DataFrame({"code": codes, "y": [i % 4 > 1 for i in range(80)]})
    assert from_table(frame, "y").features == (1,)
    declared = frame.with_columns(pl.col("code").cast(pl.Categorical))
    assert from_table(declared, "y").features == (4,)
    numbers = declared.with_columns(y=pl.Series(np.random.RandomState(0).normal(size=80)))
    assert "'code' is text with 4 different values" in from_table(numbers, "code").notes[0]
    assert from_table(numbers, "code", kind="regression").outputs == 1


def test_names():
    assert [stem(one) for one in ("a/b.c.csv.gz", "x.parquet", "t.tsv", 5)] == ["b.c", "x", "t", "frame"]
    assert is_table("a.tsv.gz") and not is_table("digits") and not is_table(np.zeros(3))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (5, "int is no table; give a path"),
        ("a.txt", r"a.txt is no table that can be read; its name must end in .csv, .csv.gz, .tsv"),
        (pl.DataFrame({"a": []}), "the frame has no rows"),
        (pl.DataFrame({"a": [b"x"]}), "'a' of the frame holds bytes"),
        (pl.DataFrame({"a": [{"b": 1}]}), "'a' of the frame holds structures"),
        ("none.parquet", "there is no file none.parquet"),
    ],
)
def test_what_is_no_table(source, sentence):
    with pytest.raises(UserError, match=sentence):
        read_table(source)


def test_parquet_is_bounded_before_it_is_read(tmp_path, monkeypatch):
    file = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1] * 50, "b": [2] * 50}).write_parquet(file)
    monkeypatch.setattr(parquet, "MOST_CELLS", 99)
    with pytest.raises(UserError, match="states 50 rows of 2 columns; at most 99 cells are read"):
        read_table(file)
    assert read_table(file, lambda name: name == "a").text.height == 50
    monkeypatch.setattr(parquet, "MOST_BYTES", 10)
    with pytest.raises(UserError, match="tables of at most 10 are read"):
        read_table(file)


def test_damaged_parquet_is_told_in_one_sentence(tmp_path):
    file = tmp_path / "a.parquet"
    pl.DataFrame({"a": list(range(5000))}).write_parquet(file)
    content = file.read_bytes()
    for damaged in (b"", b"a,b\n1,2\n", b"PAR1" + b"\1" * 500 + b"PAR1", content[:-40], content[500:]):
        file.write_bytes(damaged)
        with pytest.raises(UserError, match="cannot be read as Parquet") as caught:
            read_table(file)
        assert "\n" not in str(caught.value)
