"""Every page, in the order of the navigation."""

from __future__ import annotations

from relance.console.pages import (
    chat,
    cycle,
    cycles,
    desk,
    effect,
    health,
    invitation,
    invitations,
    jobs,
    mails,
    now,
    unread,
)
from relance.console.pages.model import ConsolePage

PAGES: tuple[ConsolePage, ...] = (
    now.PAGE,
    chat.PAGE,
    cycles.PAGE,
    cycle.PAGE,
    invitations.PAGE,
    invitation.PAGE,
    mails.PAGE,
    desk.PAGE,
    jobs.PAGE,
    effect.PAGE,
    unread.LIST,
    unread.ONE,
    health.PAGE,
)
