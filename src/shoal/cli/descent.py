"""How techniques descend from one another, as nested data and as a tree drawn in text."""

from collections.abc import Iterable, Sequence
from typing import Any

Node = dict[str, Any]


def roots(rows: Iterable[dict[str, Any]]) -> list[Node]:
    """``catalogue.describe``'s rows of one kind, each with its "children"; roots and children by year."""
    nodes = {row["name"]: {**row, "children": []} for row in rows}
    ordered = sorted(nodes.values(), key=lambda node: (node["year"], node["name"]))
    for node in ordered:
        if node["parent"]:
            nodes[node["parent"]]["children"].append(node)
    return [node for node in ordered if not node["parent"]]


def draw(nodes: Sequence[Node]) -> list[str]:
    """One line a technique: its place in the tree, name and year, and in a column of its own its summary."""
    lines = [line for node in nodes for line in _lines(node, "", "")]
    width = max((len(place) for place, _ in lines), default=0)
    return [f"{place:{width}}  {summary}" for place, summary in lines]


def _lines(node: Node, before: str, below: str) -> list[tuple[str, str]]:
    """(place, summary) of a node and all under it; ``below`` stands before the lines under it."""
    lines = [(f"{before}{node['name']} ({node['year']})", node["summary"])]
    for child in node["children"]:
        last = child is node["children"][-1]
        lines += _lines(child, below + ("└── " if last else "├── "), below + ("    " if last else "│   "))
    return lines
