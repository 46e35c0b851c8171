"""What is written as TOML, the standard library reads back as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.toml_text import flat, key, literal, pairs

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(
    TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.one_of(VALUES, st.lists(VALUES)))
def test_a_value_is_read_back(value):
    assert tomllib.loads(f"x = {literal(value)}")["x"] == value


@given(TEXT, TEXT)
def test_any_text_is_a_key(table, name):
    assert tomllib.loads(f"{key(table, name)} = 1") == {table: {name: 1}}


def test_dotted_names_are_read_back_flat():
    values = {"width": 3, "adam.lr": 1e-05, "my rule.lr": 2.0}
    assert pairs(values) == ["width = 3", "adam.lr = 1e-05", '"my rule".lr = 2.0']
    assert flat(tomllib.loads("\n".join(pairs(values)))) == values


@pytest.mark.parametrize("value", [None, {}, object()])
def test_what_has_no_spelling_is_refused(value):
    with pytest.raises(TypeError):
        literal(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="Out of range"):
        literal(value)
