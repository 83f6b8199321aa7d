from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from relance.rendering.charts import LATER, WIDTH, font
from relance.rendering.columns import HEAD, PLAIN, PLOT, Column, ColumnChart, Sizes, draw_columns

FLOOR = HEAD + PLOT


def image(*columns: Column) -> Image.Image:
    return Image.open(BytesIO(draw_columns(ColumnChart("Title", "note", columns)))).convert("RGB")


def height(drawn: Image.Image, colour: str) -> int:
    wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    assert drawn.width == WIDTH
    rows = [any(drawn.getpixel((x, y)) == wanted for x in range(0, WIDTH, 3)) for y in range(HEAD, FLOOR)]
    return sum(rows)


def test_columns_are_as_high_as_their_values() -> None:
    drawn = image(Column("a", 0.1, "10%"), Column("b", 0.2, "20%", marked=True))
    assert height(drawn, LATER) == pytest.approx(2 * height(drawn, PLAIN), abs=4)


def test_an_interval_reaches_above_its_column() -> None:
    without = image(Column("a", 0.1, "10%"), Column("b", 0.2, "20%"))
    wide = image(Column("a", 0.1, "10%"), Column("b", 0.2, "20%", low=0.1, high=0.4))
    assert height(wide, PLAIN) == pytest.approx(height(without, PLAIN) / 2, abs=4)


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]])
def test_nothing_and_nought_are_drawn_too(values: list[float]) -> None:
    image(*(Column("x", value, "0%") for value in values))


def test_figures_get_smaller_before_they_are_cut() -> None:
    columns = [Column(f"{hour}", 0.1, "100.0%", below="9,999") for hour in range(24)]
    room = (WIDTH - 80) / 24 - 4
    sizes = Sizes.of(columns, room)
    assert sizes.text < sizes.label
    assert font(sizes.text).getlength("100.0%") <= room
    assert font(sizes.below).getlength("9,999") <= room
    assert Sizes.of(columns[:5], 200).text == 24
