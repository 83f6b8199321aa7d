"""Who has said that he wants no more mail: it holds for the mailbox the mail had reached, whoever has its address."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from relance import ids
from tests.simulation.application import Application
from tests.simulation.memory.values import Raw
from tests.simulation.world import World


class OptOuts:
    """Mailboxes that must not be written to, with the step and the instant from which on; `contacts` gave the word."""

    def __init__(self, world: World, application: Application) -> None:
        self._world = world
        self._application = application
        self._reached: dict[str, set[str]] = defaultdict(set)
        self._mailboxes: dict[str, tuple[int, datetime]] = {}
        self.contacts: set[str] = set()

    def reached(self, invitation_id: str, address: str) -> None:
        """Note where a mail of an invitation went."""
        self._reached[invitation_id].add(address)

    def acknowledged(self, invitation_id: str, entry: Raw) -> None:
        """Note that from now on nothing may go to whom an invitation had reached.

        A record that names another mailbox by now is somebody else's business.
        """
        contact = ids.parse_invitation_id(invitation_id).contact_id
        self.contacts.add(contact)
        own = (self._application.found("contacts", contact) or {}).get("email")
        reached = self._reached[invitation_id]
        closed = set(reached)
        if own in reached or not (reached or entry.get("mailboxes")):
            closed.add(str(own))
        for address in closed:
            self._mailboxes.setdefault(address, (self._world.trace.step, self._world.now()))

    def forbids(self, address: str, step: int) -> bool:
        """Tell whether an address was closed before a step."""
        return address in self._mailboxes and self._mailboxes[address][0] < step

    def put_back(self, to: datetime) -> None:
        """Forget what was said since an instant: a database that was put back to it does not know it."""
        self._mailboxes = {address: known for address, known in self._mailboxes.items() if known[1] < to}
