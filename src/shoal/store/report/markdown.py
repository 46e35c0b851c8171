"""The report as Markdown, for a pull request: verdict, table, warnings, how to reproduce it."""

import re

from shoal.store.report import table, tuned, warnings
from shoal.store.report.data import Report
from shoal.store.report.numbers import score, span
from shoal.store.report.verdict_words import verdict_words


def markdown(report: Report) -> str:
    """The text; whatever of names and notes Markdown or HTML would take for its own is escaped."""
    parts = [
        f"# {escaped(report.task)}: {escaped(report.judged)}, varying {escaped(report.axis)}",
        *(escaped(one) for one in verdict_words(report)),
        "\n".join(_table(report)),
        _listing("Warnings", warnings.warnings(report)),
        _listing("Notes", warnings.notes(report)),
        _code("Change in your code", "\n".join(report.result["change"]), "python"),
        "\n".join(["## Budget", "", *(f"- {name}: {text}" for name, text in tuned.budget(report))]),
        _code("Reproduce: `shoal compare --plan plan.toml`", report.plan_text.rstrip(), "toml"),
        _machine(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(report: Report) -> list[str]:
    name = escaped(report.judged)
    lines = [
        f"| arm | {name} | difference ± interval | probability of improvement | steps | gradient evaluations "
        "| time | memory | diverged | verdict |",
        "| - | -: | -: | -: | -: | -: | -: | -: | -: | - |",
    ]
    for row in table.rows(report):
        cells = (
            escaped(row.arm.name), row.score, row.difference, row.probability, row.steps, row.evaluations,
            row.seconds, row.memory, row.diverged, f"{row.symbol} {row.arm.verdict}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    if report.judge == "score":
        for one in report.outsiders:
            mean = score(one.mean, report.decimals)
            lines.append(f"| {one.name} | {mean} |{' – |' * 4} {span(one.seconds)} | – | – | no network |")
    return lines


def _listing(title: str, said: tuple[str, ...]) -> str:
    return "\n".join([f"## {title}", "", *(f"- {escaped(one)}" for one in said)]) if said else ""


def _code(title: str, text: str, language: str) -> str:
    if not text:
        return ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"## {title}\n\n{fence}{language}\n{text}\n{fence}"


def _machine(report: Report) -> str:
    if report.machine is None:
        return ""
    versions = ", ".join(f"{name} {version}" for name, version in report.machine["versions"].items())
    cores = f"{report.machine['cores']} cores"
    return f"{escaped(report.machine['processor'])}, {cores}, {report.machine['system']}; {versions}"


def escaped(text: str) -> str:
    """Text that Markdown and HTML take for nothing else, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(text.split()))
