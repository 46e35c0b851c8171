"""How verdicts look on a terminal."""

STYLES = {
    "baseline": "bold",
    "better": "bold green",
    "worse": "red",
    "same": "cyan",
    "undecided": "yellow",
    "under-tuned": "magenta",
}
