"""No mailbox gets invitations of more users in a period than it has slots, and of each user one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from relance import ids
from relance.adapters.mailbox_digests import MailboxDigests
from relance.domain.invitations.addresses import mailbox_key
from relance.domain.invitations.invitation import MailKind
from relance.ports import OutgoingMail
from tests.simulation.application import Application
from tests.simulation.memory.values import Raw
from tests.simulation.world import World
from tests.support.keys import PRIVACY


class _Invited(NamedTuple):
    at: datetime
    period: str
    mailbox: str
    user: str
    invitation: str


class Mailboxes:
    """Watches who has invited which mailbox."""

    def __init__(self, world: World, application: Application) -> None:
        self._world = world
        self._application = application
        self._digests = MailboxDigests(PRIVACY.suppression_keys)
        self._invited: list[_Invited] = []

    def accepted(self, letter: OutgoingMail) -> None:
        """Look at a mail the relay took."""
        if letter.kind is not MailKind.INVITATION:
            return
        key, mailbox = ids.parse_invitation_id(letter.invitation_id), mailbox_key(letter.to_address)
        self._invited.append(_Invited(self._world.now(), key.period, mailbox, key.user_id, letter.invitation_id))
        same = [one for one in self._invited if (one.period, one.mailbox) == (key.period, mailbox)]
        if len({one.user for one in same}) > self._world.bounds.users_per_mailbox:
            self._world.violated("C6", f"a mailbox got invitations of {len({one.user for one in same})} users")
        if len({one.invitation for one in same if one.user == key.user_id}) > 1:
            self._world.violated("C6", f"{key.user_id} has invited a mailbox twice in {key.period}")

    def put_back(self, to: datetime) -> None:
        """Forget what a database that was put back does not know any more: its slots are free again."""
        self._invited = [one for one in self._invited if one.at < to]

    def check_refused(self, entries: Sequence[Raw]) -> None:
        """Look whether whoever was refused for a full mailbox found it full."""
        slots = {one["_id"] for one in self._world.store.table("mailboxSlots").near({})}
        for entry in entries:
            contact = self._application.found("contacts", entry["contactId"])
            if entry.get("reason") != "mailbox_limit" or contact is None:
                continue
            if entry["contactId"] in self._application.touched:
                continue
            mailbox = f"{entry['period']}.{self._digests.of(contact['email'])[0]}"
            if any(f"{mailbox}.{number}" not in slots for number in range(self._world.bounds.users_per_mailbox)):
                self._world.violated("C6", f"{entry['_id']} was refused for a mailbox with free slots")
