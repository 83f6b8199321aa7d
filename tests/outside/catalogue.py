"""Every figure, in the order of its chapter."""

from __future__ import annotations

from tests.outside import about_us, relay_log
from tests.outside.figure import Figure

FIGURES: tuple[Figure, ...] = (about_us.FIGURE, relay_log.FIGURE)
