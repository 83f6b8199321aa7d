"""The opt-outs by the links of mails, stored so that they can be taken back (SPEC G2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from relance.domain.invitations.opt_outs import OptOut, OptOutScope, OptOutWay


class OptOuts(Protocol):
    """The opt-outs of each invitation, kept under a keyed digest of its id."""

    async def begin(self, invitation_id: str, opt_out: OptOut) -> OptOut:
        """Record an opt-out before it takes effect; return the open one of the same scope if there is one."""

    async def of_invitation(self, invitation_id: str) -> list[OptOut]:
        """Return every opt-out by an invitation's link, oldest first."""

    async def undo(self, invitation_id: str, scope: OptOutScope, at: datetime, by: OptOutWay) -> bool:
        """Record that the open opt-out of a scope was taken back; return whether there was one."""


class Lifting(Protocol):
    """Suppressions that are taken back."""

    async def lift(self, mailboxes: Sequence[str], at: datetime) -> int:
        """Lift the suppressions that nothing but the opt-out of this instant has caused; return how many.

        Any other event before or after it keeps them: a complaint, a bounce, another opt-out.
        """

    async def reinstate(self, contact_id: str, opted_out_at: datetime, at: datetime) -> bool:
        """Make a contact active again that was opted out at an instant, unless its status has changed since."""
