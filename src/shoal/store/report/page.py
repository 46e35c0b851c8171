"""The page: one self-contained HTML text without scripts from elsewhere, fonts, pictures or requests."""

import base64
import hashlib
import math
import time
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from shoal.store.report import effects, table, tuned, warnings
from shoal.store.report.cost import cost
from shoal.store.report.data import Report
from shoal.store.report.forest import bar, forest, whisker
from shoal.store.report.learning import learning
from shoal.store.report.numbers import count, percent, plain, score, size, span
from shoal.store.report.plot import Plot
from shoal.store.report.sensitivity import sensitivity
from shoal.store.report.verdict_words import verdict_words

_COLUMNS = (
    ("score", "Score"),
    ("difference", "Difference ± interval"),
    ("probability", "Probability of improvement"),
    ("steps", "Steps"),
    ("evaluations", "Gradient evaluations"),
    ("seconds", "Time"),
    ("memory", "Memory"),
    ("diverged", "Diverged"),
)


def page(report: Report) -> str:
    """The whole page. All texts are escaped; its policy forbids every request and foreign script."""
    bars = [bar(arm) for arm in report.arms if not arm.is_baseline]
    return render(
        "page.html",
        report=report,
        result=report.result,
        sentences=verdict_words(report),
        columns=_columns(report),
        rows=[(row, whisker(report, bars, bar(row.arm))) for row in table.rows(report)],
        table=table_plot(report),
        plots=_plots(report),
        warnings=warnings.warnings(report),
        notes=warnings.notes(report),
        tuned=tuned.tuned(report),
        fixed=tuned.fixed(report),
        budget=tuned.budget(report),
        effects=effects.effects(report),
        interactions=effects.interactions(report),
        date=date(report.started_at),
        axes=len({arm.axis for arm in report.arms if arm.axis}) > 1,
    )


def render(name: str, **values: Any) -> str:
    """A template with ``values``, the page's own style and script, and the policy that allows these alone."""
    style, script = _template("style.css"), _template("script.js")
    found = Environment(
        loader=PackageLoader("shoal.store.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"count": count, "plain": plain, "score": score, "span": span, "size": size}
    found.filters |= {"percent": percent}
    own = {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}
    return found.get_template(name).render(**values, **own, nan=math.nan)


def table_plot(report: Report) -> Plot:
    """The verdict table as something to download."""
    return Plot("table", "", "", (), table.HEADING, tuple(table.values(arm) for arm in report.arms))


def _plots(report: Report) -> dict[str, tuple[Plot, ...]]:
    trials, main = sensitivity(report), effects.plot(report)
    return {
        "effects": (main,) if main else (),
        "differences": (forest(report),) if len(report.arms) > 1 else (),
        "curves": learning(report),
        "sensitivity": (trials,) if trials else (),
        "cost": cost(report),
    }


def _columns(report: Report) -> list[tuple[str, str]]:
    name = report.judged.capitalize()
    return [(key, name if key == "score" else said) for key, said in _COLUMNS]


def _policy(style: str, script: str) -> str:
    """Nothing may be fetched or sent; of styles and scripts only the page's own, by their hashes."""
    own = f"style-src {_hash(style)}; script-src {_hash(script)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _template(name: str) -> str:
    return (files("shoal.store.report") / "templates" / name).read_text(encoding="utf-8")


def date(started_at: float | None) -> str:
    """When a run was begun; "" where its record does not say."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(started_at)) if started_at is not None else ""
