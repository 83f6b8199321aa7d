"""The settings of how much one user may have sent, and one mailbox gets (SPEC C6)."""

from __future__ import annotations

from pydantic import Field

from relance.domain.invitations.bounds import CONTACTS_PER_USER, USERS_PER_MAILBOX, Bounds
from relance.settings.group import SettingsGroup


class BoundsGroup(SettingsGroup):
    """Limits of address books and of mailboxes; whatever is beyond them is skipped with its reason."""

    contacts_per_user: int = Field(
        CONTACTS_PER_USER,
        ge=1,
        le=10_000,
        description="Contacts of a user that are looked at in a period: the first in order of `_id`, whatever their "
        "status.",
    )
    users_per_mailbox: int = Field(
        USERS_PER_MAILBOX,
        ge=1,
        le=100,
        description="Users whose invitations one mailbox gets in a period, however its address is written; reminders "
        "do not count.",
    )

    @property
    def limits(self) -> Bounds:
        """The limits these settings describe."""
        return Bounds(self.contacts_per_user, self.users_per_mailbox)
