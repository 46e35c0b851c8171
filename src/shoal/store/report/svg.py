"""Elements of an SVG picture as escaped text; colors and fonts come from the page's style sheet by class."""

from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from shoal.store.report.scale import Scale, label, power


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """An element. ``class_`` is class, other underscores are hyphens; None leaves an attribute out, numbers
    have one decimal."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>")


def picture(width: float, height: float, about: str, parts: Iterable[str], kind: str = "") -> Markup:
    """A whole picture that says to a screen reader what ``about`` says, and nothing else."""
    return tag(
        "svg", *parts, class_=f"plot {kind}".strip(), viewBox=f"0 0 {width:g} {height:g}", width=width,
        height=height, role="img", aria_label=about,
    )  # fmt: skip


def text(words: str, x: float, y: float, kind: str = "", anchor: str | None = None, **more: object) -> Markup:
    """Words with their baseline at y; anchor: start, middle or end."""
    return tag("text", words, x=x, y=y, class_=kind or None, text_anchor=anchor, **more)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def path(points: Iterable[tuple[float, float]], kind: str, closed: bool = False) -> Markup:
    """A line through points, or with ``closed`` the area within it."""
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return tag("path", d=f"M{steps}{'Z' if closed else ''}", class_=kind)


def dot(x: float, y: float, radius: float, kind: str, about: str = "") -> Markup:
    """A dot; ``about`` is shown where the pointer rests on it."""
    inner = [tag("title", about)] if about else []
    return tag("circle", *inner, cx=x, cy=y, r=radius, class_=kind)


def cross(x: float, y: float, radius: float, kind: str, about: str = "") -> Markup:
    """An ×, for what diverged."""
    inner = [tag("title", about)] if about else []
    wide = 2 * radius
    d = f"M{x - radius:.1f} {y - radius:.1f}l{wide:g} {wide:g}m0 {-wide:g}l{-wide:g} {wide:g}"
    return tag("path", *inner, d=d, class_=kind)


def bottom_axis(scale: Scale, top: float, bottom: float, title: str, most: int = 6) -> list[Markup]:
    """Ticks with grid lines, their numbers, and the axis' title below."""
    name = _namer(scale, most)
    parts = [line(scale(tick), top, scale(tick), bottom, "grid") for tick in scale.ticks(most)]
    parts += [text(name(tick), scale(tick), bottom + 16, "tick", "middle") for tick in scale.ticks(most)]
    parts.append(text(title, (scale.start + scale.end) / 2, bottom + 36, "axis", "middle"))
    return parts


def left_axis(scale: Scale, left: float, right: float, title: str, most: int = 6) -> list[Markup]:
    """Ticks with grid lines, their numbers, and the axis' title above."""
    name = _namer(scale, most)
    parts = [line(left, scale(tick), right, scale(tick), "grid") for tick in scale.ticks(most)]
    parts += [text(name(tick), left - 8, scale(tick) + 4, "tick", "end") for tick in scale.ticks(most)]
    if title:
        parts.append(text(title, left, min(scale.start, scale.end) - 10, "axis", "start"))
    return parts


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places of labels, moved apart by at least ``gap`` and kept in low to high where they fit."""
    order = sorted(range(len(places)), key=places.__getitem__)
    found = list(places)
    lowest = low
    for index in order:
        found[index] = lowest = max(found[index], lowest)
        lowest += gap
    highest = high
    for index in reversed(order):
        found[index] = highest = min(found[index], highest)
        highest -= gap
    return found


def _namer(scale: Scale, most: int) -> Callable[[float], str]:
    if scale.log:
        return power
    ticks = scale.ticks(most)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else scale.high - scale.low
    return lambda tick: label(tick, step)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(escape(str(value)))
