"""Who descends from whom, on a family small enough to be read, and on every family of the catalogue."""

import pytest

from shoal import catalogue
from shoal.cli.descent import draw, roots

FAMILY = [
    {"name": "youngest", "year": 1990, "parent": "uncle", "summary": "fourth"},
    {"name": "first", "year": 1847, "parent": "", "summary": "root"},
    {"name": "younger", "year": 1964, "parent": "first", "summary": "third"},
    {"name": "uncle", "year": 1951, "parent": "first", "summary": "second"},
    {"name": "stranger", "year": 1900, "parent": "", "summary": "another root"},
    {"name": "equal", "year": 1964, "parent": "first", "summary": "by name among equals"},
]


def walk(nodes):
    for node in nodes:
        yield node
        yield from walk(node["children"])


def test_children_stand_under_their_parent_by_year():
    assert draw(roots(FAMILY)) == [
        "first (1847)             root",
        "├── uncle (1951)         second",
        "│   └── youngest (1990)  fourth",
        "├── equal (1964)         by name among equals",
        "└── younger (1964)       third",
        "stranger (1900)          another root",
    ]


def test_no_rows_are_no_lines():
    assert roots([]) == [] and draw([]) == []


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_technique_stands_once_and_under_its_parent(kind):
    trunk = roots(catalogue.describe(kind))
    assert sorted(node["name"] for node in walk(trunk)) == sorted(catalogue.names(kind))
    assert all(node["parent"] == "" for node in trunk)
    for node in walk(trunk):
        assert all(child["parent"] == node["name"] for child in node["children"])
    assert len(draw(trunk)) == len(catalogue.names(kind))
