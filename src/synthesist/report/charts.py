"""The charts of a report as inline SVG: no script, no library, no request; colours come from the page.

Grey is real, the accent colour is synthetic, everywhere. Every chart has a title and a description
for screen readers; the numbers stand in a table beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, isfinite, log10

from synthesist.core import Curve, Score
from synthesist.report.cells import Cells

__all__ = [
    "Point",
    "figure",
    "heatmap",
    "histogram_chart",
    "importance",
    "loss_chart",
    "paired_bars",
    "printable",
    "range_bar",
    "scale_of",
    "trade_off",
]

WIDTH = 340
LONGEST = 24


def printable(text: str) -> str:
    """The text with control and direction characters replaced, so that no name can redraw the page."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def figure(x: float) -> str:
    """A score as a reader writes it: three decimals, more where it is small.

    >>> figure(0.98765), figure(0.00042), figure(-1e-9)
    ('0.988', '0.0004', '0')
    """
    if not isfinite(x):
        return "not known"
    text = f"{x:.3f}" if abs(x) >= 0.001 else f"{x:.4f}"
    return text if float(text) else "0"


def clip(text: str, most: int = LONGEST) -> str:
    """The text, shortened in the middle to fit a label, ready to stand in SVG."""
    text = printable(text)
    if len(text) > most:
        text = f"{text[: most - most // 3 - 1]}…{text[-(most // 3) :]}"
    return escape(text)


# --------------------------------------------------------------------------- one score


def scale_of(score: Score) -> tuple[float, float]:
    """The two ends of a score's bar, the worse one first: round, and as narrow as its numbers allow."""
    span = abs(score.best - score.worst) or 1.0
    away = -1.0 if score.best >= score.worst else 1.0
    marks = [x for x in (score.value, score.low, score.high, score.reference) if isfinite(x)]
    worse = max([away * (x - score.best) for x in marks], default=0.0)
    better = max([-away * (x - score.best) for x in marks], default=0.0)
    return score.best + away * _round_up(worse, span), score.best - away * (
        _round_up(better, span) if better > 0 else 0
    )


def range_bar(score: Score) -> str:
    """A score on its scale, better to the right: the interval as a bar, the holdout as a tick."""
    left, right = scale_of(score)

    def at(x: float) -> float:
        return round(min(max(6 + (x - left) / ((right - left) or 1) * (WIDTH - 12), 2), WIDTH - 2), 1)

    low, high = sorted((at(score.low), at(score.high))) if isfinite(score.low + score.high) else (at(score.value),) * 2
    parts = [f'<line class="axis" x1="6" x2="{WIDTH - 6}" y1="22" y2="22"/>']
    parts.append(f'<line class="best" x1="{at(score.best)}" x2="{at(score.best)}" y1="16" y2="28"/>')
    if isfinite(score.reference):
        a, b = score.reference_low, score.reference_high
        if isfinite(a + b):
            start, end = sorted((at(a), at(b)))
            parts.append(
                f'<rect class="reference-range" x="{start}" y="13" width="{round(end - start, 1)}" height="18"/>'
            )
        parts.append(f'<path class="reference" d="M{at(score.reference)} 8V36"/>')
    parts.append(f'<rect class="interval" x="{low}" y="19" width="{max(round(high - low, 1), 2)}" height="6" rx="3"/>')
    parts.append(f'<circle class="value" cx="{at(score.value)}" cy="22" r="5.5"/>')
    interval = f"95 % interval {figure(score.low)} to {figure(score.high)}"
    described = f"{figure(score.value)}, {interval}; a holdout reaches {figure(score.reference)}"
    return _svg(WIDTH, 42, score.title, described, parts)


def _round_up(x: float, span: float) -> float:
    return next((share * span for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if 1.15 * x <= share * span), max(span, x))


# --------------------------------------------------------------------------- one column


def histogram_chart(name: str, cells: Cells) -> str:
    """Real rows as a grey area, training rows as a thin line, synthetic rows as a line in the accent colour.

    Cells may differ in width, so the area of a cell is its share. One cell that dwarfs the rest is
    cut off with a gap and its share written beside it.
    """
    height, base, top = 150, 126, 12
    edges = cells.edges
    step = min(b - a for a, b in pairwise(edges))
    sides = {"holdout": cells.real, "train": cells.train, "synthetic": cells.synthetic}
    density = {
        side: [share * step / (b - a) for share, a, b in zip(shares, edges, edges[1:], strict=False)]
        for side, shares in sides.items()
        if shares
    }
    peaks = sorted((max(column) for column in zip(*density.values(), strict=True)), reverse=True)
    cut = peaks[1] * 1.3 if len(peaks) > 2 and peaks[0] > 4 * peaks[1] > 0 else (peaks[0] or 1.0)

    def x(edge: float) -> float:
        return round(4 + (edge - edges[0]) / (edges[-1] - edges[0]) * (WIDTH - 8), 1)

    def y(value: float) -> float:
        return round(base - min(value / cut, 1) * (base - top), 1)

    def outline(side: str, closed: bool) -> str:
        steps = "".join(f"V{y(d)}H{x(edge)}" for d, edge in zip(density[side], edges[1:], strict=True))
        return f'<path class="{side}" d="M{x(edges[0])} {base}{steps}V{base}{"Z" if closed else ""}"/>'

    parts = [outline("holdout", True)] if cells.real else []
    parts += [outline("train", False)] if cells.train and cells.holdout else []
    parts.append(outline("synthetic", False))
    if cut < peaks[0]:
        tall = max(range(len(cells.synthetic)), key=lambda i: max(density[side][i] for side in density))
        middle = x((edges[tall] + edges[tall + 1]) / 2)
        parts.append(
            f'<path class="gap" d="M{x(edges[tall]) - 3} {top + 14}l{x(edges[tall + 1]) - x(edges[tall]) + 6} -8"/>'
        )
        anchor, shift = ("start", 12) if middle < WIDTH / 2 else ("end", -12)
        words = f"{100 * cells.synthetic[tall]:.1f} %" + (
            f", real {100 * cells.real[tall]:.1f} %" if cells.real else ""
        )
        parts.append(f'<text class="label" x="{middle + shift}" y="{top + 9}" text-anchor="{anchor}">{words}</text>')
    parts.append(f'<line class="axis" x1="4" x2="{WIDTH - 4}" y1="{base}" y2="{base}"/>')
    parts += _ticks(cells, x, base)
    told = "Real rows in grey, synthetic rows as a line." if cells.real else "Synthetic rows as a line."
    return _svg(WIDTH, height, f"Distribution of {name}", told, parts)


def paired_bars(name: str, cells: Cells) -> str:
    """For each value a grey bar (real) above one in the accent colour (synthetic); a tick for training rows."""
    row, left, right = 23, 122, 52
    longest = max((*cells.real, *cells.synthetic, *cells.train)) or 1.0
    room = WIDTH - left - right

    def width(share: float) -> float:
        return round(share / longest * room, 1)

    parts = []
    for i, label in enumerate(cells.labels):
        y = i * row + 2
        synthetic = cells.synthetic[i]
        words = "label other" if cells.other and i == len(cells.labels) - 1 else "label"
        parts.append(f'<text class="{words}" x="{left - 8}" y="{y + 13}" text-anchor="end">{clip(label, 19)}</text>')
        if cells.real:
            parts.append(f'<rect class="holdout" x="{left}" y="{y}" width="{width(cells.real[i])}" height="8"/>')
        parts.append(f'<rect class="synthetic" x="{left}" y="{y + 9}" width="{width(synthetic)}" height="8"/>')
        if cells.train and cells.holdout:
            parts.append(f'<path class="train tick" d="M{left + width(cells.train[i])} {y - 1}v10"/>')
        end = left + max(width(side[i]) for side in (cells.real, cells.synthetic, cells.train) if side) + 6
        parts.append(f'<text class="label number" x="{end}" y="{y + 13}">{100 * synthetic:.1f} %</text>')
    told = "Real above synthetic, share of rows." if cells.real else "Share of synthetic rows."
    return _svg(WIDTH, len(cells.labels) * row + 4, f"Values of {name}", told, parts)


def _ticks(cells: Cells, x: Callable[[float], float], base: int) -> list[str]:
    parts: list[str] = []
    taken = -1e9
    for position, words in cells.ticks:
        place, half = x(position), 3.2 * len(words)
        place_text = min(max(place, half + 1), WIDTH - half - 1)
        if place_text - half < taken + 8:
            continue
        taken = place_text + half
        parts.append(f'<line class="axis" x1="{place}" x2="{place}" y1="{base}" y2="{base + 4}"/>')
        at = f'x="{place_text:.1f}" y="{base + 17}" text-anchor="middle"'
        parts.append(f'<text class="label" {at}>{escape(words)}</text>')
    return parts


# --------------------------------------------------------------------------- many columns


def importance(shares: Mapping[str, float], most: int = 10) -> str:
    """What gives synthetic rows away: a bar per column, the share of the classifier's gain."""
    top = sorted(shares.items(), key=lambda item: -item[1])[:most]
    row, left, wide = 24, 150, 420
    longest = max((share for _, share in top), default=0) or 1.0
    parts = []
    for i, (name, share) in enumerate(top):
        y, width = i * row, round(share / longest * (wide - left - 60), 1)
        parts.append(f'<text class="label" x="{left - 8}" y="{y + 15}" text-anchor="end">{clip(name, 20)}</text>')
        parts.append(f'<rect class="synthetic" x="{left}" y="{y + 4}" width="{width}" height="14"/>')
        parts.append(f'<text class="label number" x="{left + width + 6}" y="{y + 15}">{100 * share:.0f} %</text>')
    return _svg(wide, len(top) * row + 4, "What gives synthetic rows away", "Share of the gain by column.", parts)


def heatmap(names: Sequence[str], pairs: Sequence[Mapping[str, float | str]]) -> str:
    """Pairs of columns: below the diagonal the score, above it how far behind the holdout; stronger is worse."""
    cell = max(11, min(26, 560 // max(len(names), 1)))
    left, top = 130, 112
    place = {name: i for i, name in enumerate(names)}
    parts = []
    for pair in pairs:
        a, b = place.get(str(pair["a"])), place.get(str(pair["b"]))
        if a is None or b is None:
            continue
        score, reference = float(pair["score"]), float(pair["reference"])
        row, column = max(a, b), min(a, b)
        title = f"{clip(str(pair['a']))} and {clip(str(pair['b']))}: {score:.3f}, holdout {reference:.3f}"
        for i, j, loss in ((row, column, 1 - score), (column, row, reference - score)):
            x, y, dark = left + j * cell, top + i * cell, min(max(loss, 0) / 0.25, 1)
            parts.append(
                f'<rect class="heat" x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" '
                f'fill-opacity="{0.06 + 0.94 * dark:.2f}"><title>{title}</title></rect>'
            )
    for i, name in enumerate(names):
        middle = i * cell + cell / 2
        parts.append(
            f'<text class="label" x="{left - 6}" y="{top + middle + 4}" text-anchor="end">{clip(name, 20)}</text>'
        )
        at = f"{left + middle + 4} {top - 6}"
        parts.append(f'<text class="label" transform="translate({at}) rotate(-55)">{clip(name, 18)}</text>')
    size = len(names) * cell
    width, told = left + size + 60, "Stronger colour is further from the real data."
    return _svg(width, top + size + 4, "Pairs of columns", told, parts, narrowest=min(width, 540))


def loss_chart(curve: Curve) -> str:
    """The losses of a training, epoch by epoch: on the rows learnt from, and on those kept aside."""
    lines = [("learnt", "learnt from", curve.train), ("aside", "kept aside", curve.validation)]
    shown = [line for line in lines if line[2]]
    losses = [loss for *_, part in shown for loss in part if isfinite(loss)]
    low, high = min(losses), max(losses)
    wide, tall, left = 420, 150, 56

    def at(i: int, loss: float) -> str:
        x = left + i / max(len(curve.train) - 1, 1) * (wide - left - 90)
        return f"{x:.1f},{10 + (high - loss) / ((high - low) or 1.0) * (tall - 40):.1f}"

    parts = [f'<line class="axis" x1="{left}" x2="{wide - 90}" y1="{tall - 24}" y2="{tall - 24}"/>']
    for y, loss in ((14, high), (tall - 26, low)):
        parts.append(f'<text class="label number" x="{left - 6}" y="{y}" text-anchor="end">{loss:.4g}</text>')
    parts.append(f'<text class="label" x="{left}" y="{tall - 6}">{len(curve.train)} epochs</text>')
    for place, (kind, words, part) in enumerate(shown):
        points = " ".join(at(i, loss) for i, loss in enumerate(part))
        parts.append(f'<polyline class="loss {kind}" points="{points}"/>')
        parts.append(f'<text class="label loss-{kind}" x="{wide - 84}" y="{30 + 18 * place}">{words}</text>')
    told = f"The loss fell from {curve.train[0]:.4g} to {curve.train[-1]:.4g}."
    return _svg(wide, tall, "Losses of the training", told, parts)


# --------------------------------------------------------------------------- many methods


@dataclass(frozen=True)
class Point:
    """A method on the chart: what it costs, how it scores, its light, and whether it is the one to use."""

    name: str
    cost: float
    score: float
    light: str
    chosen: bool


def trade_off(points: Sequence[Point], score: Score) -> str:
    """Methods by what they cost (to the right is more, in equal ratios) and how they score (up is better).

    What is better than the best value, as only chance makes it, is drawn at the best. The shape and colour
    of a mark are those of the light it was given; a ring is around the one to use.
    """
    wide, high, left, right, top, base = 720, 380, 64, 24, 26, 326
    ends = log10(min(point.cost for point in points)), log10(max(point.cost for point in points))
    first, last = floor(ends[0] - 0.08), ceil(ends[1] + 0.08)
    marks = [score.reference] if isfinite(score.reference) else []
    sign = 1 if score.worst > score.best else -1
    away = max(0.01, *(sign * (x - score.best) for x in (*(point.score for point in points), *marks)))
    step = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if away <= 5 * step), away / 5)
    steps = ceil(away / step)

    def x(cost: float) -> float:
        return round(left + (log10(cost) - first) / max(last - first, 1) * (wide - left - right), 1)

    def y(value: float) -> float:
        return round(top + 14 + max(sign * (value - score.best), 0) / (steps * step) * (base - top - 28), 1)

    parts = []
    for k in range(steps + 1):
        value = score.best + sign * k * step
        parts.append(f'<line class="axis" x1="{left}" x2="{wide - right}" y1="{y(value)}" y2="{y(value)}"/>')
        at = f'x="{left - 10}" y="{y(value) + 4}" text-anchor="end"'
        parts.append(f'<text class="label number" {at}>{value:.3g}</text>')
    for power in range(first, last + 1):
        at = f'x="{x(10.0**power)}" y="{base + 20}" text-anchor="middle"'
        parts.append(f'<line class="axis" x1="{x(10.0**power)}" x2="{x(10.0**power)}" y1="{base}" y2="{base + 5}"/>')
        parts.append(f'<text class="label number" {at}>{10.0**power:g} s</text>')
    for mark in marks:
        parts.append(f'<path class="holdout-line" d="M{left} {y(mark)}H{wide - right}"/>')
        at = f'x="{wide - right}" y="{y(mark) - 6}" text-anchor="end"'
        parts.append(f'<text class="label number" {at}>real rows kept aside</text>')
    parts.append(f'<text class="label number" x="{left}" y="{top - 10}">{clip(score.title, 60)}; up is better</text>')
    at = f'x="{wide - right}" y="{base + 42}" text-anchor="end"'
    parts.append(f'<text class="label number" {at}>CPU seconds to learn and draw</text>')
    taken: list[tuple[float, float, float]] = []
    for point in sorted(points, key=lambda point: (not point.chosen, y(point.score), x(point.cost))):
        parts += _marked(point, x(point.cost), y(point.score), wide, taken)
    described = "; ".join(f"{p.name}: {figure(p.score)} for {p.cost:.3g} CPU seconds" for p in points)
    return _svg(wide, high, "Methods by likeness and time", described, parts, narrowest=600)


def _marked(point: Point, x: float, y: float, wide: float, taken: list[tuple[float, float, float]]) -> list[str]:
    """The mark of a method and its name, on the side and at the height where there is room."""
    shape = {
        "good": f'<circle class="lamp good" cx="{x}" cy="{y}" r="6.5"/>',
        "fair": f'<path class="lamp fair" d="M{x} {y - 7.5}l8 14h-16z"/>',
        "poor": f'<path class="lamp poor" d="M{x - 6} {y - 6}h12v12h-12z"/>',
    }.get(point.light, f'<circle class="lamp none" cx="{x}" cy="{y}" r="6" fill="none"/>')
    name = clip(point.name, 30)
    length = 6.6 * min(len(point.name), 30)
    side = 1 if x + 16 + length < wide - 8 else -1
    low = min(x + side * 14, x + side * (14 + length))
    height = y + 4
    while any(abs(height - other) < 15 and low < end and start < low + length for other, start, end in taken):
        height += 15
    taken.append((height, low, low + length))
    ring = [f'<circle class="ring" cx="{x}" cy="{y}" r="11.5"/>'] if point.chosen else []
    anchor, start = ("start", x + 16) if side > 0 else ("end", x - 16)
    words = "label chosen" if point.chosen else "label"
    return [*ring, shape, f'<text class="{words}" x="{start}" y="{height}" text-anchor="{anchor}">{name}</text>']


def _svg(
    width: float, height: float, title: str, description: str, parts: Sequence[str], *, narrowest: float = 0
) -> str:
    head = f"<title>{clip(title, 80)}</title><desc>{escape(description)}</desc>"
    frame = f'viewBox="0 0 {width} {height}" style="min-width:{narrowest}px;max-width:{width * 1.25:.0f}px" role="img"'
    return f"<svg {frame}>{head}{''.join(parts)}</svg>"
