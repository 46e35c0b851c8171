"""Files of every sort, the wrong ones above all."""

import gzip

import pytest

from shoal.errors import UserError
from shoal.tasks import csv_text
from shoal.tasks.csv_text import read_text


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_are_stripped_text_whatever_separates_them(tmp_path, separator):
    file = tmp_path / "a.csv"
    file.write_bytes(separator.join([" size", "kind "]).encode() + separator.join(["\n1.50 ", " x"]).encode())
    frame = read_text(file)
    assert frame.to_dict(as_series=False) == {"size": ["1.50"], "kind": ["x"]}


def test_gz_byte_order_mark_quotes_and_line_ends(tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress('\ufeff\r\na,b\r\n"x, y",2\r\n'.encode()))
    assert read_text(file).to_dict(as_series=False) == {"a": ["x, y"], "b": ["2"]}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "is empty"),
        ("a.tsv", "größe\tb\n1\t2\n".encode("latin-1"), "is not UTF-8 text \\(byte 0xf6 at position 2\\)"),
        ("a.csv", b" \n\n", "is empty"),
        ("a.csv", b"a,b\n", "no rows"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data, not text"),
        ("a.csv", "größe,b\n1,2\n".encode("latin-1"), "is not UTF-8 text \\(byte 0xf6 at position 2\\)"),
        ("a.csv", b"a,b\n1,2,3\n", "is not a table in CSV"),
        ("a.csv", b"a,b\r1,2\r", "first line cannot be read"),
        ("a.csv", b"1,2.5,3\n4,5,6\n", "first line of .* is all numbers"),
        ("a.csv", b"a, b,b\n1,2,3\n", "has 2 columns called 'b'"),
        ("a.csv.gz", b"a,b\n1,2\n", "cannot be read"),
        ("a.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 1000, mtime=0)[:-20], "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_its_ending_says(tmp_path, name, content, sentence):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UserError, match=sentence) as caught:
        read_text(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        read_text(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=r"cannot be read: Is a directory"):
        read_text(tmp_path / "folder.csv")


def test_tabs_separate_tsv_whatever_its_header_holds(tmp_path):
    (tmp_path / "a.tsv").write_text("a,b,c\td;e;f\n1,2\t3\n")
    assert read_text(tmp_path / "a.tsv").to_dict(as_series=False) == {"a,b,c": ["1,2"], "d;e;f": ["3"]}


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv.gz"])
def test_reading_is_bounded(tmp_path, monkeypatch, name):
    content = b"a,b\n" + b"1,2\n" * 1000
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    monkeypatch.setattr(csv_text, "MOST_BYTES", len(content))
    assert read_text(file).height == 1000
    monkeypatch.setattr(csv_text, "MOST_BYTES", len(content) - 1)
    with pytest.raises(UserError, match="4,003"):
        read_text(file)
