from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from relance.rendering.charts import (
    EARLIER,
    LATER,
    MOST_BARS,
    Chart,
    Pair,
    _value_width,
    draw,
    fitting,
    in_two_lines,
    png,
)


def _pair(earlier: int, later: int, label: str = "Alpha") -> Pair:
    return Pair(label, Decimal(earlier), Decimal(later), f"€{earlier}", f"€{later}")


def _chart(pairs: Sequence[Pair]) -> Chart:
    return Chart("Revenue", "13–15 Nov", "20–22 Nov", pairs)


def _bars(data: bytes, colour: str) -> list[int]:
    """Return the width in pixels of each bar of a colour, from top to bottom, without the legend."""
    image = Image.open(BytesIO(data)).convert("RGB")
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    widths = [sum(image.getpixel((x, y)) == wanted for x in range(400, image.width)) for y in range(150, image.height)]
    return [width for before, width in zip([0, *widths], widths, strict=False) if width and not before]


def test_bars_are_as_long_as_their_amounts() -> None:
    data = draw(_chart([_pair(1000, 250), _pair(500, 0), _pair(200, -50)]))
    earlier, later = _bars(data, EARLIER), _bars(data, LATER)
    assert [round(width / earlier[0], 2) for width in earlier] == [1, 0.5, 0.2]
    assert round(later[0] / earlier[0], 2) == 0.25
    # Nothing and less than nothing are a line.
    assert max(later[1:]) <= 4


def test_without_an_earlier_window_there_is_one_bar_each() -> None:
    both = [_pair(0, 9), _pair(0, 3)]
    alone = draw(Chart("Invitations not sent", None, "2026-12", both))
    assert (len(_bars(alone, EARLIER)), len(_bars(alone, LATER))) == (0, 2)
    assert len(_bars(draw(_chart(both)), EARLIER)) == 2


def test_a_chart_is_a_small_png_of_its_rows() -> None:
    one, many = draw(_chart([_pair(1, 1)])), draw(_chart([_pair(100, 40)] * 50))
    most = draw(_chart([_pair(100, 40)] * MOST_BARS))
    assert one.startswith(b"\x89PNG")
    assert Image.open(BytesIO(many)).size == Image.open(BytesIO(most)).size
    assert len(many) < 60_000


def test_a_chart_without_partners_or_amounts_is_drawn_too() -> None:
    assert draw(_chart([])).startswith(b"\x89PNG")
    assert draw(_chart([_pair(0, 0)])).startswith(b"\x89PNG")


def test_a_long_label_is_cut_and_letters_beyond_english_have_shapes() -> None:
    assert fitting("Alpha\n Beta", 26, 300) == "Alpha Beta"
    cut = fitting("Société Générale d’Affiliation" * 40_000, 26, 300)
    assert cut.startswith("Société Gén")
    assert cut.endswith("…")
    drawn = {draw(_chart([_pair(1, 1, letter)])) for letter in "éÉèœŁčΩЖ€–"}
    assert len(drawn) == 10


async def test_drawing_leaves_the_loop_free() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    counting = asyncio.create_task(count())
    await png(_chart([_pair(100, 40)] * MOST_BARS))
    counting.cancel()
    assert turns >= 5


@pytest.mark.parametrize("text", ["EUR −123,456,789,012.50", "−123\u202f456\u202f789\u202f012,50\u00a0€"])
def test_a_large_amount_is_never_cut_and_its_bar_makes_room(text: str) -> None:
    large = Pair("Alpha", Decimal(1000), Decimal(-1), text, text)
    assert _bars(draw(_chart([large])), EARLIER)[0] < _bars(draw(_chart([_pair(1000, 0)])), EARLIER)[0]
    value_width = _value_width([large])
    assert "…" not in fitting(text, 26, value_width - 16)


def test_a_label_takes_two_lines_before_it_is_cut() -> None:
    assert in_two_lines("Alpha", 26, 340) == ["Alpha"]
    assert in_two_lines("", 26, 340) == []
    assert in_two_lines("Société Générale d’Affiliation", 26, 340) == ["Société Générale", "d’Affiliation"]
    first, second = in_two_lines("Affiliation " * 100_000, 26, 340)
    assert (first, second[:12], second[-1]) == ("Affiliation Affiliation", "Affiliation ", "…")
    assert in_two_lines("x" * 1_000_000, 26, 340)[0].endswith("…")
