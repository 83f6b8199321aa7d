"""Every figure, in the order of its chapter."""

from __future__ import annotations

from tests.outside import (
    about_us,
    bad_settings,
    mailbox_cap,
    markup,
    one_user,
    opt_outs,
    published_keys,
    relay_log,
    undecodable,
    vanished,
)
from tests.outside.figure import Figure

FIGURES: tuple[Figure, ...] = (
    undecodable.FIGURE,
    mailbox_cap.FIGURE,
    vanished.FIGURE,
    opt_outs.FIGURE,
    published_keys.FIGURE,
    bad_settings.FIGURE,
    about_us.FIGURE,
    one_user.FIGURE,
    relay_log.FIGURE,
    markup.FIGURE,
)
