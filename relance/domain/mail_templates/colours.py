"""The colours of a mail, and whether what is written in them can be read (WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SMALL, LARGE = 4.5, 3.0
"""Least contrast of text, and of text of 24 pixels and more."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Each as `#rrggbb`: what lies behind (`page`, `card`, `aside`, `accent`) and what is written on it."""

    page: str
    card: str
    border: str
    title: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    aside: str
    on_aside: str


LIGHT: Final = Colours(
    page="#f5f2ec",
    card="#ffffff",
    border="#e8e2d8",
    title="#1c2826",
    text="#3b4745",
    quiet="#6b6a60",
    accent="#0f766e",
    on_accent="#ffffff",
    aside="#eef6f4",
    on_aside="#2b4a45",
)
DARK: Final = Colours(
    page="#15181a",
    card="#1f2426",
    border="#2d3437",
    title="#f3f1ec",
    text="#d5d8d6",
    quiet="#98a19e",
    accent="#4fc7b3",
    on_accent="#06241f",
    aside="#26302f",
    on_aside="#c3d6d1",
)

_READ_ON: Final = (
    ("title", "card", LARGE),
    ("title", "page", SMALL),
    ("text", "card", SMALL),
    ("quiet", "card", SMALL),
    ("quiet", "page", SMALL),
    ("accent", "card", SMALL),
    ("on_accent", "accent", SMALL),
    ("on_aside", "aside", SMALL),
)


@dataclass(frozen=True, slots=True)
class LowContrast:
    """A colour that cannot be read on another one."""

    text: str
    behind: str
    ratio: float
    least: float


def low_contrasts(colours: Colours) -> Iterator[LowContrast]:
    """Yield the pairs that are too close to each other."""
    for text, behind, least in _READ_ON:
        ratio = contrast(getattr(colours, text), getattr(colours, behind))
        if ratio < least:
            yield LowContrast(text, behind, ratio, least)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
