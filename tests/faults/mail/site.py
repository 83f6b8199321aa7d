"""Where a mail scenario happens: the embedded servers, an installation of its own, and its people."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relance import ids
from relance.devstack import mailbox_server
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox_server import MailboxServer
from relance.devstack.stack import Given, Stack
from tests.faults.scenario import Say
from tests.support.installation import Installation, installed

CONTACTS_OF_A_USER = 20

# The faults here are meant: nothing is to stop the cycle, and a breaker that closes after two minutes would only cost
# time.
IMPATIENT = {
    "RELANCE_ERROR_GATE__SIZE": "0",
    "RELANCE_BREAKERS__OPEN_FOR": "PT0.2S",
    "RELANCE_BREAKERS__LONGEST": "PT1S",
    "RELANCE_PACING__PAUSE": "PT0.1S",
    "RELANCE_PACING__PUT_OFF": "PT1S",
    "RELANCE_PACING__PATIENCE": "1",
    "RELANCE_MAIL__CONNECTIONS": "8",
}


@dataclass
class Site:
    """Running servers; `server` is the mailbox's process, which a scenario may end and start again."""

    stack: Stack
    server: MailboxServer
    mailbox: Mailbox
    installation: Installation
    folder: Path
    say: Say
    users: list[str] = field(default_factory=list)

    async def populate(self, contacts: Sequence[Mapping[str, Any]], *, reminded: bool = False) -> None:
        """Insert contacts as made by `contact`, and their users, who want reminders only if it is about those.

        Providers rest by the workers' clocks, later tries go by those of the follow-ups, which are moved forward: in
        what is a second for a worker three days may pass there, and a reminder goes out, rightly.
        """
        self.users = sorted({one["userId"] for one in contacts})
        await self.installation.load(
            [user(one, reminderSettings={"enabled": reminded}) for one in self.users], contacts
        )

    def relay_log(self) -> dict[str, str]:
        """Return the settings with which a worker looks up mails in doubt."""
        return {
            "RELANCE_RELAY_LOG__KIND": "mailbox",
            "RELANCE_RELAY_LOG__MAILBOX_URL": self.mailbox.url,
            "RELANCE_RELAY_LOG__WAIT": "PT1S",
        }


@asynccontextmanager
async def opened(
    name: str, say: Say, environment: Mapping[str, str] | None = None, *, certificate: Path | None = None
) -> AsyncIterator[Site]:
    """Start the servers; the workers get `IMPATIENT` settings and these."""
    say("starting Temporal, MongoDB and the mailbox")
    with tempfile.TemporaryDirectory(prefix="relance-faults-") as folder:
        server = await mailbox_server.start(Path(folder), certificate=certificate)
        given = Given(mailbox_smtp=server.smtp, mailbox_http=server.http)
        settings = {**IMPATIENT, **(environment or {})}
        try:
            async with (
                Stack(given=given) as stack,
                Mailbox(server.http) as mailbox,
                installed(stack, name, settings) as installation,
            ):
                site = Site(stack, server, mailbox, installation, Path(folder), say)
                try:
                    yield site
                finally:
                    server = site.server
        finally:
            await server.stop()


def user(one: str, **fields: Any) -> dict[str, Any]:
    """Return an active user's document."""
    return {"_id": one, "email": f"{one}@users.example", "name": f"User {one}", "status": "active", **fields}


def contact(number: int, email: str = "", **fields: Any) -> dict[str, Any]:
    """Return the document of an active contact; every 20 have a user of their own."""
    owner = f"u{number // CONTACTS_OF_A_USER}"
    return {
        "_id": f"{owner}c{number % CONTACTS_OF_A_USER}",
        "userId": owner,
        "name": f"Contact {number}",
        "email": email or f"c{number}@people.example",
        "status": "active",
        **fields,
    }


def invitation_of(period: str, document: Mapping[str, Any]) -> str:
    """Return the id of a contact's invitation."""
    return ids.invitation_id(period, document["userId"], document["_id"])
