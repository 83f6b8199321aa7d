"""Small charts as SVG: attributes only, because the content policy lets no style in; their colours are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from relance.domain.health.status import PastLook

WIDTH, ROW, LABEL, VALUE = 640, 30, 120, 96
SPARK_WIDTH, SPARK_HEIGHT = 120, 22
_SHADES: Final = {"good": "good", "warning": "warn", "bad": "bad", "unknown": "none"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a value with what is written behind it; `low` and `high` are its interval, `shade` a class."""

    label: str
    value: float
    shown: str
    low: float | None = None
    high: float | None = None
    shade: str = "key"


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Return a chart of horizontal bars from zero; the title is what a screen reader says of it."""
    top = max([row.high if row.high is not None else row.value for row in rows] + [0.0]) or 1.0
    height = ROW * len(rows) + 4
    parts = [_bar(row, number, (WIDTH - LABEL - VALUE) / top) for number, row in enumerate(rows)]
    svg = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, height, title, Markup("").join(parts)
    )
    return Markup('<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div>').format(title, svg)


def _bar(row: Bar, number: int, scale: float) -> Markup:
    y, length = number * ROW + 6, max(1.0, row.value * scale)
    bar = Markup('<rect class="{}" x="{}" y="{}" width="{:.1f}" height="18" rx="4"/>').format(
        row.shade, LABEL, y, length
    )
    text = Markup('<text class="label" x="{}" y="{}" text-anchor="end">{}</text>').format(LABEL - 10, y + 14, row.label)
    value = Markup('<text class="value" x="{:.1f}" y="{}">{}</text>').format(WIDTH - VALUE + 10, y + 14, row.shown)
    if row.low is None or row.high is None:
        return text + bar + value
    left, right, middle = LABEL + row.low * scale, LABEL + row.high * scale, y + 9
    whisker = Markup(
        '<path class="whisker" d="M{:.1f} {}H{:.1f}M{:.1f} {}v10M{:.1f} {}v10"/>'
    ).format(left, middle, right, left, middle - 5, right, middle - 5)  # fmt: skip
    return text + bar + whisker + value


def spark(looks: Sequence[PastLook], title: str) -> Markup:
    """Return the newest looks of a probe, oldest first: a bar each, as high as its value, coloured by its grade."""
    if not looks:
        return Markup("–")
    top = max((look.value or 0.0 for look in looks), default=0.0) or 1.0
    step = SPARK_WIDTH / max(len(looks), 12)
    parts = []
    for number, look in enumerate(looks):
        high = SPARK_HEIGHT if look.value is None else max(3.0, look.value / top * SPARK_HEIGHT)
        parts.append(
            Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1"/>').format(
                _SHADES[look.grade], number * step, SPARK_HEIGHT - high, step - 1.5, high
            )
        )
    return Markup('<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        SPARK_WIDTH, SPARK_HEIGHT, title, Markup("").join(parts)
    )
