"""Every figure, in the order of its chapter."""

from __future__ import annotations

from tests.outside import about_us, bad_settings, published_keys, relay_log
from tests.outside.figure import Figure

FIGURES: tuple[Figure, ...] = (published_keys.FIGURE, bad_settings.FIGURE, about_us.FIGURE, relay_log.FIGURE)
