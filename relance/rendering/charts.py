"""A chart of two windows per partner, as PNG (SPEC C15: drawn in a thread, never on the event loop)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from math import ceil

from PIL import Image, ImageDraw, ImageFont

MOST_BARS = 12
# Twice the 600 pixels at which the mail shows it, for sharp text on phones.
WIDTH, MARGIN, LABEL_WIDTH = 1200, 40, 360
LEAST_VALUE_WIDTH, MOST_VALUE_WIDTH = 210, 420
HEAD, ROW, BAR, GAP, LINE = 170, 104, 34, 6, 33
INK, FAINT, EARLIER, LATER, PAPER, RULE = "#1f2933", "#616e7c", "#9fb3c8", "#c0392b", "#ffffff", "#e4e7eb"


@dataclass(frozen=True, slots=True)
class Pair:
    """One partner's amounts in both windows, and how each is written."""

    label: str
    earlier: Decimal
    later: Decimal
    earlier_text: str
    later_text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: a title, the names of both windows, and the pairs from top to bottom (the first twelve).

    Without a name there is no earlier window, and each pair is one bar.
    """

    title: str
    earlier_name: str | None
    later_name: str
    pairs: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Scale:
    """What the longest bar stands for, and how many pixels the figures behind the bars need."""

    most: Decimal
    value_width: int

    def length(self, amount: Decimal) -> int:
        """Return the length of a bar; at least a line, so that nothing is seen to be there where there is nothing."""
        room = WIDTH - 2 * MARGIN - LABEL_WIDTH - self.value_width
        return max(3, round(room * amount / self.most) if self.most > 0 else 0)


async def png(chart: Chart) -> bytes:
    """Return the chart as a PNG of 1,200 pixels' width."""
    return await asyncio.to_thread(draw, chart)


def draw(chart: Chart) -> bytes:
    """Return the chart as a PNG; takes some milliseconds of processor time."""
    pairs = chart.pairs[:MOST_BARS]
    image = Image.new("RGB", (WIDTH, HEAD + ROW * len(pairs) + MARGIN), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN - 4), fitting(chart.title, 34, WIDTH - 2 * MARGIN, bold=True), INK, font(34, bold=True))
    _legend(pen, chart)
    # A refund may make an amount negative: it has no bar, only its figure.
    most = max((amount for pair in pairs for amount in (pair.earlier, pair.later)), default=Decimal(0))
    scale = Scale(most, _value_width(pairs))
    for number, pair in enumerate(pairs):
        _row(pen, pair, HEAD + ROW * number, scale, alone=chart.earlier_name is None)
    encoded = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


def _legend(pen: ImageDraw.ImageDraw, chart: Chart) -> None:
    left = MARGIN
    for name, colour in ((chart.earlier_name, EARLIER), (chart.later_name, LATER)):
        if name is None:
            continue
        text = fitting(name, 26, (WIDTH - 2 * MARGIN) // 2 - 60)
        pen.rectangle((left, 104, left + 26, 130), colour)
        pen.text((left + 38, 117), text, FAINT, font(26), anchor="lm")
        left += 38 + round(font(26).getlength(text)) + 44


def _value_width(pairs: Sequence[Pair]) -> int:
    # A figure that is cut off would be read as another figure: the bars make room.
    texts = [" ".join(text.split()) for pair in pairs for text in (pair.earlier_text, pair.later_text)]
    widest = max((font(26).getlength(text) for text in texts), default=0)
    return min(max(LEAST_VALUE_WIDTH, ceil(widest) + 16), MOST_VALUE_WIDTH)


def _row(pen: ImageDraw.ImageDraw, pair: Pair, top: int, scale: Scale, *, alone: bool) -> None:
    pen.line((MARGIN, top - 12, WIDTH - MARGIN, top - 12), RULE, 2)
    middle = top + BAR + GAP // 2
    lines = in_two_lines(pair.label, 26, LABEL_WIDTH - 20)
    for number, line in enumerate(lines):
        y = middle + round((number - (len(lines) - 1) / 2) * LINE)
        pen.text((MARGIN, y), line, INK, font(26, bold=True), anchor="lm")
    left = MARGIN + LABEL_WIDTH
    bars = [(pair.later, pair.later_text, LATER)]
    if not alone:
        bars.insert(0, (pair.earlier, pair.earlier_text, EARLIER))
    highest = middle - (len(bars) * (BAR + GAP) - GAP) // 2
    for number, (amount, text, colour) in enumerate(bars):
        y = highest + number * (BAR + GAP)
        right = left + scale.length(amount)
        pen.rectangle((left, y, right, y + BAR), colour)
        shown = fitting(text, 26, scale.value_width - 16)
        pen.text((right + 14, y + BAR // 2), shown, INK, font(26), anchor="lm")


def fitting(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """Return a text cut so that it is at most so many pixels wide."""
    face = font(size, bold=bold)
    # Few letters are narrower than a pixel, and Pillow refuses to measure a megabyte.
    shown = " ".join(text[: 4 * width].split())[:width]
    if len(text) <= 4 * width and face.getlength(shown) <= width:
        return shown
    text = shown
    while text and face.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def in_two_lines(text: str, size: int, width: int) -> list[str]:
    """Return a bold text broken between words, its second line cut so that both are at most so many pixels wide."""
    words = text[: 4 * width].split()
    first = 1
    while first < len(words) and font(size, bold=True).getlength(" ".join(words[: first + 1])) <= width:
        first += 1
    lines = [" ".join(words[:first]), " ".join(words[first:])]
    return [fitting(line, size, width, bold=True) for line in lines if line]


def drawable(text: str) -> str:
    """Return a text without the characters our fonts have no shape for, which would leave gaps."""
    face = font(26, bold=True)
    return " ".join(
        "".join(character for character in text if character.isspace() or face.getmask(character).getbbox()).split()
    )


@lru_cache(maxsize=32)
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return our own font, of a size in pixels."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    data = files("relance.rendering").joinpath("fonts", name).read_bytes()
    # The basic layout needs no library of the system's.
    return ImageFont.truetype(BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
