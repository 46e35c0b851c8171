"""How large is what a user installs?

    python benchmarks/installed_size.py --site FOLDER --out records/<date>_installed-size

FOLDER is the site-packages of an empty environment into which the wheel was installed.
"""

import argparse
import json
from pathlib import Path

import machine

NAMED = 5


def mebibytes(path: Path) -> int:
    """What the files below ``path`` take, rounded."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return round(sum(one.stat().st_size for one in files) / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    parts = {one.name: mebibytes(one) for one in sorted(asked.site.iterdir())}
    largest = dict(sorted(parts.items(), key=lambda part: -part[1])[:NAMED])
    total = sum(parts.values())
    raw = {"machine": machine.describe(None), "total_mebibytes": total, "parts": parts}
    (asked.out / "raw.json").write_text(json.dumps(raw, indent=1) + "\n")
    lines = ["# The size of what is installed", ""]
    lines += ["Command: `python benchmarks/installed_size.py --site SITE-PACKAGES --out FOLDER`", ""]
    lines += ["| part | MiB |", "| - | -: |", f"| all | {total} |"]
    lines += [f"| {name} | {size} |" for name, size in largest.items()]
    (asked.out / "verdict.md").write_text("\n".join([*lines, ""]))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
