"""A chart of columns with their intervals, as PNG; its callers draw it in a thread (SPEC C15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from relance.rendering.charts import FAINT, INK, LATER, MARGIN, PAPER, RULE, WIDTH, fitting, font

MOST_COLUMNS = 25
HEAD, PLOT, FOOT = 150, 400, 130
PLAIN = "#486581"
SIZES = (24, 22, 20, 18, 16, 15, 14, 13, 12, 11, 10)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it stands for (one line or two), how high it is, how its figure is written, what it is of.

    `low` and `high` are the ends of its interval. The marked one is drawn in another colour.
    """

    label: str
    value: float
    text: str
    below: str = ""
    low: float | None = None
    high: float | None = None
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ColumnChart:
    """What is drawn: a title, a line that says what the columns are, and the columns (the last twenty-five)."""

    title: str
    note: str
    columns: Sequence[Column]


def draw_columns(chart: ColumnChart) -> bytes:
    """Return the chart as a PNG; takes some milliseconds of processor time."""
    image = Image.new("RGB", (WIDTH, HEAD + PLOT + FOOT), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN - 4), fitting(chart.title, 34, WIDTH - 2 * MARGIN, bold=True), INK, font(34, bold=True))
    pen.text((MARGIN, MARGIN + 46), fitting(chart.note, 24, WIDTH - 2 * MARGIN), FAINT, font(24))
    columns = chart.columns[-MOST_COLUMNS:]
    pen.line((MARGIN, HEAD + PLOT, WIDTH - MARGIN, HEAD + PLOT), RULE, 3)
    room = (WIDTH - 2 * MARGIN) / max(1, len(columns))
    sizes = Sizes.of(columns, room - 4)
    most = max((max(column.value, column.high or 0.0) for column in columns), default=0.0)
    for number, column in enumerate(columns):
        middle = MARGIN + room * (number + 0.5)
        top = _column(pen, column, middle, min(room * 0.34, 60), most)
        pen.text((middle, top - 8), column.text, INK, font(sizes.text), anchor="ms")
        _foot(pen, column, middle, sizes)
    encoded = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of the letters at which nothing has to be cut off: a figure without its end is another figure."""

    text: int
    label: int
    below: int

    @classmethod
    def of(cls, columns: Sequence[Column], room: float) -> Sizes:
        """Return the largest sizes at which every figure and every name fits its column."""
        labels = [line for column in columns for line in column.label.split("\n")]
        return cls(
            text=_largest([column.text for column in columns], room),
            label=_largest(labels, room, bold=True),
            below=_largest([column.below for column in columns], room),
        )


def _largest(texts: Sequence[str], room: float, *, bold: bool = False) -> int:
    for size in SIZES:
        if all(font(size, bold=bold).getlength(text) <= room for text in texts):
            return size
    return SIZES[-1]


def _column(pen: ImageDraw.ImageDraw, column: Column, middle: float, half: float, most: float) -> int:
    """Draw a column with its interval; return where it ends above."""
    floor = HEAD + PLOT
    # Room for the figure above the highest one.
    scale = (PLOT - 44) / most if most > 0 else 0.0

    def level(value: float) -> int:
        return round(floor - value * scale)

    # At least a line, so that nothing is seen to be there where there is nothing.
    top = min(level(column.value), floor - 3)
    pen.rectangle((middle - half, top, middle + half, floor), LATER if column.marked else PLAIN)
    if column.low is None or column.high is None:
        return top
    high, low = level(column.high), level(column.low)
    pen.line((middle, high, middle, low), INK, 3)
    for end in (high, low):
        pen.line((middle - 7, end, middle + 7, end), INK, 3)
    return min(top, high)


def _foot(pen: ImageDraw.ImageDraw, column: Column, middle: float, sizes: Sizes) -> None:
    baseline = HEAD + PLOT + 36
    for line in column.label.split("\n"):
        pen.text((middle, baseline), line, INK, font(sizes.label, bold=True), anchor="ms")
        baseline += 30
    pen.text((middle, baseline + 4), column.below, FAINT, font(sizes.below), anchor="ms")
