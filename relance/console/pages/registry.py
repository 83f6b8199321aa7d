"""Every page, in the order of the navigation."""

from __future__ import annotations

from relance.console.pages import cycle, cycles, invitation, invitations, now
from relance.console.pages.model import Page

PAGES: tuple[Page, ...] = (now.PAGE, cycles.PAGE, cycle.PAGE, invitations.PAGE, invitation.PAGE)
