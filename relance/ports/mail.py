"""Mails and the connections they leave by."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from relance.domain.invitations.invitation import MailKind


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to be written and sent: everything the templates may show.

    `to_name`, `sender_name` are personal data and live in memory only. `references` is the invitation's Message-ID on
    reminders (SPEC R4). `is_tracked` says that the recipient has agreed to be seen opening it.
    """

    invitation_id: str
    kind: MailKind
    message_id: str
    to_address: str
    to_name: str
    sender_name: str
    locale: str
    date: datetime
    references: str | None = None
    is_tracked: bool = False


class MessageIds(Protocol):
    """The Message-IDs of our mails, which tell nobody but us whose they are."""

    def of(self, invitation: str, kind: MailKind) -> str:
        """Return the Message-ID of a mail: the same whenever it is sent again."""

    def possible(self, invitation: str, kind: MailKind) -> tuple[str, ...]:
        """Return every Message-ID under which a mail may have left, with an earlier key or version too."""

    def read(self, text: str) -> str | None:
        """Return the invitation whose mail has this Message-ID; None if it is none of ours."""


class MailLane(Protocol):
    """One connection to the relay, held for as long as it has mails to send."""

    def is_free(self, to_address: str) -> bool:
        """Return whether `turn` would answer at once."""

    async def acquire(self, to_address: str) -> timedelta | None:
        """Wait until a mail to this address may go; before it is claimed, so that an opt-out counts.

        Waits for seconds at most where only the recipient's provider is slow: then it returns for how long the mail is
        to be put off instead, and the lane may go on with another one.
        """

    async def send(self, letter: OutgoingMail) -> None:
        """Hand one mail over and wait for the relay's acceptance.

        Raises:
            MailRefused: the relay answered 4xx or 5xx.
            MailUncertain: the reply to the data never came.
            DependencyUnavailable: the connection broke before the data: the mail was certainly not sent.
        """


class Mailer(Protocol):
    """The connections to the relay."""

    @property
    def connections(self) -> int:
        """The most connections that are open at once in this process."""

    def lane(self) -> AbstractAsyncContextManager[MailLane]:
        """Wait for a free connection, opening one if allowed.

        Raises:
            DependencyUnavailable: the relay cannot be reached.
        """
