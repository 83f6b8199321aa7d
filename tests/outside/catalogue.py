"""Every figure, in the order of its chapter."""

from __future__ import annotations

from tests.outside import about_us, bad_settings, mailbox_cap, one_user, published_keys, relay_log, vanished
from tests.outside.figure import Figure

FIGURES: tuple[Figure, ...] = (
    mailbox_cap.FIGURE,
    vanished.FIGURE,
    published_keys.FIGURE,
    bad_settings.FIGURE,
    about_us.FIGURE,
    one_user.FIGURE,
    relay_log.FIGURE,
)
