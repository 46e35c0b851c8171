"""JSON in one spelling, and differences in words."""

import math

import pytest

from shoal.store.canonical import canonical_json, differences, digest


def test_order_of_keys_and_kind_of_sequence_do_not_matter():
    assert canonical_json({"b": (1, 2), "a": {"d": 1, "c": 0.1}}) == '{"a":{"c":0.1,"d":1},"b":[1,2]}'
    assert canonical_json([math.nan, math.inf, "Grüße"]) == '[NaN,Infinity,"Grüße"]'


def test_the_digest_is_sha256():
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("value", [{1: "a"}, [{"a": {2: 1}}], {"a": {3, 4}}, object()])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(TypeError):
        canonical_json(value)


def test_differences_name_the_place():
    old = {"task": "wine", "budget": {"seconds": 60, "work": None}, "arms": [{"lr": 1}, {"lr": 2}], "x": 1}
    new = {"task": "wine", "budget": {"seconds": 90, "work": None}, "arms": [{"lr": 1}, {"lr": 3}], "y": [1]}
    assert differences(old, new) == [
        "budget.seconds was 60, is 90",
        "arms[1].lr was 2, is 3",
        "x was 1, is absent",
        "y was absent, is [1]",
    ]
    assert differences({"a": math.nan}, {"a": math.nan}) == []
    assert differences([1], [1, 2]) == ["it was [1], is [1,2]"]
