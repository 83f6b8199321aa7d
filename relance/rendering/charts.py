"""A chart of two windows per partner, as PNG (SPEC C15: drawn in a thread, never on the event loop)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

MOST_BARS = 12
# Twice the 600 pixels at which the mail shows it, for sharp text on phones.
WIDTH, MARGIN, LABEL_WIDTH, VALUE_WIDTH = 1200, 40, 360, 210
HEAD, ROW, BAR, GAP = 170, 104, 34, 6
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
    """What is drawn: a title, the names of both windows, and the pairs from top to bottom (the first twelve)."""

    title: str
    earlier_name: str
    later_name: str
    pairs: Sequence[Pair]


async def png(chart: Chart) -> bytes:
    """Return the chart as a PNG of 1,200 pixels' width."""
    return await asyncio.to_thread(draw, chart)


def draw(chart: Chart) -> bytes:
    """Return the chart as a PNG; takes some milliseconds of processor time."""
    pairs = chart.pairs[:MOST_BARS]
    image = Image.new("RGB", (WIDTH, HEAD + ROW * len(pairs) + MARGIN), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN - 4), fitting(chart.title, 34, WIDTH - 2 * MARGIN, bold=True), INK, _font(34, bold=True))
    _legend(pen, chart)
    # A refund may make an amount negative: it has no bar, only its figure.
    most = max((amount for pair in pairs for amount in (pair.earlier, pair.later)), default=Decimal(0))
    for number, pair in enumerate(pairs):
        _row(pen, pair, HEAD + ROW * number, most)
    encoded = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


def _legend(pen: ImageDraw.ImageDraw, chart: Chart) -> None:
    left = MARGIN
    for name, colour in ((chart.earlier_name, EARLIER), (chart.later_name, LATER)):
        text = fitting(name, 26, (WIDTH - 2 * MARGIN) // 2 - 60)
        pen.rectangle((left, 104, left + 26, 130), colour)
        pen.text((left + 38, 117), text, FAINT, _font(26), anchor="lm")
        left += 38 + round(_font(26).getlength(text)) + 44


def _row(pen: ImageDraw.ImageDraw, pair: Pair, top: int, most: Decimal) -> None:
    pen.line((MARGIN, top - 12, WIDTH - MARGIN, top - 12), RULE, 2)
    middle = top + BAR + GAP // 2
    label = fitting(pair.label, 26, LABEL_WIDTH - 20, bold=True)
    pen.text((MARGIN, middle), label, INK, _font(26, bold=True), anchor="lm")
    left, room = MARGIN + LABEL_WIDTH, WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH
    for number, (amount, text, colour) in enumerate(
        ((pair.earlier, pair.earlier_text, EARLIER), (pair.later, pair.later_text, LATER))
    ):
        y = top + number * (BAR + GAP)
        length = round(room * amount / most) if most > 0 else 0
        # At least a line, so that nothing is seen to be there where there is nothing.
        pen.rectangle((left, y, left + max(length, 3), y + BAR), colour)
        shown = fitting(text, 26, VALUE_WIDTH - 16)
        pen.text((left + max(length, 3) + 14, y + BAR // 2), shown, INK, _font(26), anchor="lm")


def fitting(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """Return a text cut so that it is at most so many pixels wide."""
    font = _font(size, bold=bold)
    # Few letters are narrower than a pixel, and Pillow refuses to measure a megabyte.
    shown = " ".join(text[: 4 * width].split())[:width]
    if len(text) <= 4 * width and font.getlength(shown) <= width:
        return shown
    text = shown
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@lru_cache(maxsize=8)
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    data = files("relance.rendering").joinpath("fonts", name).read_bytes()
    # The basic layout needs no library of the system's.
    return ImageFont.truetype(BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
