"""Charts as inline SVG: the loss curve, a number beside its threshold, a histogram, a bar, a ring.

They stretch with the page while their letters do not: positions across are in per cent, those down in
pixels.  Built as an element tree, so that whatever text goes in stays text.  Colours come from the style
sheet, by class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from grader.render.clean import one_line
from grader.render.scale import Scale, scale_against, scale_for
from grader.render.series import SMOOTHED_FROM, Series, smoothed
from grader.render.words import bound, counted, meets, number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from grader.models import Measurement

TOP, BOTTOM, HEIGHT = 10, 190, 214
"""Pixels: the first and the last line of the loss curve's field, and the whole with the numbers below."""
ACROSS = 1000
MOST_MARKS = 40
BINS = 10


def loss_chart(line: Series) -> Markup:
    """The loss over the steps, with both axes; gaps are marked by crosses.  "" without any number."""
    if not line.finite():
        return Markup("")
    down = scale_for(line.finite())
    first, last = line.points[0][0], line.points[-1][0]
    along = Scale(float(first), float(last))
    plot = _svg("plot", HEIGHT, _loss_words(line, down))
    axis = _svg("axis", HEIGHT, "", width="56")
    for tick in down.ticks():
        height = _f(_height(down, tick))
        _add(plot, "line", "grid", x1="0", x2="100%", y1=height, y2=height)
        _add(axis, "text", "tick end", number(tick, 3), x="48", y=height, dy="0.32em")
    field = _add(plot, "svg", "field", x="0", y="0", width="100%", height=str(HEIGHT))
    field.set("viewBox", f"0 0 {ACROSS} {HEIGHT}")
    field.set("preserveAspectRatio", "none")
    _curves(plot, field, line, along, down)
    _gaps(plot, line, along)
    for share, text in _steps(along):
        _add(plot, "text", f"tick {_anchor(share)}", text, x=_percent(share), y=str(HEIGHT - 4))
    return _markup(axis) + _markup(plot)


def _curves(plot: Element, field: Element, line: Series, along: Scale, down: Scale) -> None:
    window = len(line.points) // 20 if len(line.points) >= SMOOTHED_FROM else 0
    lonely = 0
    for stretch in line.segments():
        if len(stretch) == 1:
            lonely += 1
            if lonely <= MOST_MARKS:
                _dot(plot, stretch[0], along, down)
            continue
        _add(field, "path", "loss thin" if window else "loss", d=_path(stretch, along, down))
        if window:
            _add(field, "path", "loss", d=_path(smoothed(stretch, window), along, down))
    ends = [(step, loss) for step, loss in line.points[-1:] if loss is not None]
    for end in ends:
        _dot(plot, end, along, down)


def _path(stretch: Sequence[tuple[int, float]], along: Scale, down: Scale) -> str:
    places = (f"{_f(along.at(step) * ACROSS)} {_f(_height(down, loss))}" for step, loss in stretch)
    return "M" + "L".join(places)


def _dot(plot: Element, point: tuple[int, float], along: Scale, down: Scale) -> None:
    step, loss = point
    _add(plot, "circle", "dot", cx=_percent(along.at(step)), cy=_f(_height(down, loss)), r="3.5")


def _gaps(plot: Element, line: Series, along: Scale) -> None:
    """A cross at each step whose loss is no number, at the field's foot; at most MOST_MARKS of them."""
    steps = [step for step, loss in line.points if loss is None]
    for step in steps[:: -(-len(steps) // MOST_MARKS) or 1]:
        _add(plot, "text", "gap middle", "×", x=_percent(along.at(step)), y=str(BOTTOM - 4))


def _steps(along: Scale) -> Iterator[tuple[float, str]]:
    """The numbers below the curve: the first step, the last, and round ones between."""
    if along.low == along.high:
        yield 0.5, f"step {int(along.low):,}"
        return
    yield 0.0, f"step {int(along.low):,}"
    for tick in along.ticks(4):
        if 0.2 < along.at(tick) < 0.85 and tick == int(tick):
            yield along.at(tick), f"{int(tick):,}"
    yield 1.0, f"{int(along.high):,}"


def _loss_words(line: Series, down: Scale) -> str:
    """The curve for those who do not see it."""
    parts = [
        f"Loss over {counted(line.count, 'value')}: from {number(line.first, 4)} to {number(line.last, 4)}"
    ]
    if line.lowest:
        parts.append(f"lowest {number(line.lowest[1], 4)} at step {line.lowest[0]}")
    if line.gaps:
        parts.append(f"{len(line.gaps)} not a finite number")
    return ", ".join(parts) + (". Logarithmic axis." if down.log else ".")


def _height(down: Scale, value: float) -> float:
    return BOTTOM - down.at(value) * (BOTTOM - TOP)


def threshold_chart(measurement: Measurement) -> Markup:
    """A line of numbers with the measured one and its threshold; "" unless both are finite."""
    value, threshold = measurement.value, measurement.threshold
    if value is None or not (math.isfinite(value) and math.isfinite(threshold)):
        return Markup("")
    axis = scale_against(value, threshold)
    here, there = axis.at(value), axis.at(threshold)
    words = f"{one_line(measurement.metric)} {number(value)}, {bound(measurement)} {number(threshold)} was wanted."
    line = _svg("line", 84, words)
    start, width = (there, 1 - there) if measurement.better == "higher" else (0.0, there)
    _add(line, "rect", "track", x="0", y="38", width="100%", height="8", rx="4")
    _add(line, "rect", "wanted", x=_percent(start), y="38", width=_percent(width), height="8", rx="4")
    _add(line, "line", "threshold", x1=_percent(there), x2=_percent(there), y1="32", y2="56")
    _add(line, "circle", "good" if meets(measurement) else "bad", cx=_percent(here), cy="42", r="8")
    _add(line, "text", f"value {_anchor(here)}", number(value), x=_percent(here), y="22")
    limit = f"{bound(measurement)} {number(threshold)}"
    _add(line, "text", f"tick {_anchor(there)}", limit, x=_percent(there), y="74")
    return _markup(line)


def histogram(shares: Sequence[float], most: str) -> Markup:
    """How many of the shares (0 to 1) lie in each tenth; `most` is what stands at the right end."""
    counts = [0] * BINS
    for share in shares:
        counts[min(max(int(share * BINS), 0), BINS - 1)] += 1
    told = ", ".join(f"{index * 10} to {index * 10 + 10} %: {count}" for index, count in enumerate(counts))
    plot = _svg("histogram", 190, f"Submissions by share of the points. {told}.")
    _add(plot, "line", "base", x1="0", x2="100%", y1="160.5", y2="160.5")
    for index, count in enumerate(counts):
        if not count:
            continue
        height = max(count / max(counts) * 130, 2)
        left = index / BINS
        _add(
            plot,
            "rect",
            "bar",
            x=_percent(left + 0.006),
            y=_f(160 - height),
            width="8.8%",
            height=_f(height),
            rx="2",
        )
        _add(plot, "text", "tick middle", str(count), x=_percent(left + 0.05), y=_f(153 - height))
    for share, text in ((0.0, "0"), (0.5, "half"), (1.0, most)):
        _add(plot, "text", f"tick {_anchor(share)}", text, x=_percent(share), y="180")
    return _markup(plot)


def bar(share: float) -> Markup:
    """A bar that fills that share (0 to 1) of its width."""
    drawn = _svg("rate", 10, "")
    _add(drawn, "rect", "track", x="0", y="0", width="100%", height="10", rx="5")
    _add(drawn, "rect", "bar", x="0", y="0", width=_percent(_share(share)), height="10", rx="5")
    return _markup(drawn)


def ring(share: float | None, inside: str, below: str) -> Markup:
    """A ring filled to that share (0 to 1; dashed where there is none) around two short texts."""
    drawn = _svg("ring", 132, f"{inside} {below}", width="132", viewBox="0 0 132 132")
    _add(drawn, "circle", "track" if share is not None else "track open", cx="66", cy="66", r="58")
    if share is not None and _share(share) > 0:
        full = 2 * math.pi * 58
        dash = f"{_f(full * _share(share))} {_f(full)}"
        drawn.append(_element("circle", "arc", cx="66", cy="66", r="58"))
        drawn[-1].set("stroke-dasharray", dash)
        drawn[-1].set("transform", "rotate(-90 66 66)")
    size = "big" if len(inside) < 5 else "big long"
    _add(drawn, "text", f"{size} middle", inside, x="66", y="74")
    _add(drawn, "text", "small middle", below, x="66", y="96")
    return _markup(drawn)


def _share(share: float) -> float:
    """Between 0 and 1, whatever comes; nan counts as 0."""
    return min(max(share, 0.0), 1.0) if share == share else 0.0


def _svg(kind: str, height: int, label: str, width: str = "100%", **more: str) -> Element:
    """A drawing that says `label`, or is passed over by screen readers where that is ""."""
    told = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return _element("svg", kind, width=width, height=str(height), **told, **more)


def _element(tag: str, kind: str, text: str = "", **attributes: str) -> Element:
    element = ElementTree.Element(tag, {"class": kind, **attributes})
    element.text = text or None
    return element


def _add(parent: Element, tag: str, kind: str, text: str = "", **attributes: str) -> Element:
    child = _element(tag, kind, text, **attributes)
    parent.append(child)
    return child


def _anchor(share: float) -> str:
    """Which end of a label stands at its place, so that none leaves the drawing."""
    return "start" if share < 0.16 else "end" if share > 0.84 else "middle"


def _percent(share: float) -> str:
    return f"{_f(share * 100)}%"


def _f(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _markup(element: Element) -> Markup:
    return Markup(ElementTree.tostring(element, encoding="unicode", short_empty_elements=False))  # noqa: S704
