"""Mails as they would go, for a sample person or a contact, with links that do nothing (SPEC K5).

The command line and the console show the same previews; neither writes to the ledger.
"""

from __future__ import annotations

import email
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

from relance.domain.console.people import masked_name
from relance.domain.cycle.send_times import current_period
from relance.domain.invitations.addresses import valid_address
from relance.domain.invitations.invitation import MailKind
from relance.domain.labels import clean_name
from relance.domain.mail_templates.finding import TemplateFinding
from relance.errors import NotFound
from relance.ids import invitation_id
from relance.ports import Clock, Contacts, OutgoingMail, Users

WriteMail: TypeAlias = Callable[[OutgoingMail], tuple[str, bytes]]
"""Writes a mail: the recipient's address, and the message with CRLF line ends."""

HandOver: TypeAlias = Callable[[str, bytes], Awaitable[None]]
"""Hands a message for an address to the relay; raises as `ports.MailLane.send`."""

SAMPLE_SENDERS: Final = {"fr": "Camille Fontaine", "en": "Charlotte Baker"}
SAMPLE_RECIPIENTS: Final = {"fr": "Inès", "en": "Jonathan"}
SAMPLE_ADDRESS: Final = "recipient@example.org"
HIDDEN_ADDRESS: Final = "hidden@example.org"
_SAMPLE: Final = "sample"


@dataclass(frozen=True, slots=True)
class MailPreview:
    """One mail in one language, as a mail program shows it; `message` is all of it, as it would go.

    In `html` the embedded logo is a `data:` address, so that a browser shows it.
    """

    kind: MailKind
    language: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    message: bytes


@dataclass(frozen=True, slots=True)
class MailPreviews:
    """Writes previews; `write` must make links that do nothing."""

    write: WriteMail
    clock: Clock
    message_id_domain: str
    zone: str

    def sample(self, kind: MailKind, language: str, to_address: str = SAMPLE_ADDRESS) -> MailPreview:
        """Return a mail between two people who do not exist."""
        return self._preview(
            OutgoingMail(
                invitation_id=self._invitation(_SAMPLE, _SAMPLE),
                kind=kind,
                message_id="",
                to_address=to_address,
                to_name=SAMPLE_RECIPIENTS[language],
                sender_name=SAMPLE_SENDERS[language],
                locale=language,
                date=self.clock.now(),
            )
        )

    async def of_contact(
        self, kind: MailKind, contact_id: str, users: Users, contacts: Contacts, *, language: str = "", masked: bool
    ) -> MailPreview:
        """Return the mail a contact would get now; in its own language if none is given.

        Masked it shows no address, and of names the first letter.

        Raises:
            NotFound: there is no such contact, its user is gone, or its address is none that mail can be sent to.
        """
        contact = (await contacts.by_ids([contact_id])).get(contact_id)
        if contact is None:
            raise NotFound(f"there is no contact {contact_id!r} in the database; check the id")
        user = (await users.by_ids([contact.user_id])).get(contact.user_id)
        if user is None:
            raise NotFound(f"the contact {contact_id!r} belongs to a user who is not in the database")
        if not valid_address(contact.email):
            raise NotFound(f"the contact {contact_id!r} has no address that mail can be sent to, and gets none")
        mail = OutgoingMail(
            invitation_id=self._invitation(user.id, contact.id),
            kind=kind,
            message_id="",
            to_address=contact.email,
            to_name=contact.name,
            sender_name=user.name,
            locale=language or contact.locale or user.locale,
            date=self.clock.now(),
        )
        if masked:
            to, sender = masked_name(clean_name(mail.to_name)), masked_name(clean_name(mail.sender_name))
            mail = replace(mail, to_address=HIDDEN_ADDRESS, to_name=to, sender_name=sender)
        return self._preview(mail)

    def _invitation(self, user_id: str, contact_id: str) -> str:
        return invitation_id(current_period(self.clock.now(), self.zone), user_id, contact_id)

    def _preview(self, mail: OutgoingMail) -> MailPreview:
        # Never the id of a real mail: a mail program would take one for the other.
        mail = replace(mail, message_id=self._message_id())
        if mail.kind is not MailKind.INVITATION:
            mail = replace(mail, references=self._message_id())
        _, message = self.write(mail)
        return read_preview(mail.kind, message)

    def _message_id(self) -> str:
        return f"<preview.{uuid4().hex}@{self.message_id_domain}>"


@dataclass(frozen=True, slots=True)
class MailLooks:
    """What the folder of templates gives: without previews it is wrong, and `findings` say how."""

    findings: Sequence[TemplateFinding]
    previews: MailPreviews | None = None
    trials: MailPreviews | None = None


@dataclass(frozen=True, slots=True)
class MailDesk:
    """What the console works with; `looks` blocks when it is first called."""

    folder: Path | None
    looks: Callable[[], MailLooks]
    hand_over: HandOver


def read_preview(kind: MailKind, message: bytes) -> MailPreview:
    """Return a message as a mail program reads it."""
    parsed = email.message_from_bytes(message, policy=default)
    if not isinstance(parsed, EmailMessage):
        raise TypeError("the parser's policy makes other messages")
    return MailPreview(
        kind=kind,
        language=str(parsed["Content-Language"]),
        subject=str(parsed["Subject"]),
        headers=tuple((name, str(value)) for name, value in parsed.items()),
        html=_with_pictures(_body(parsed, "html"), parsed),
        text=_body(parsed, "plain"),
        message=message,
    )


def _body(parsed: EmailMessage, subtype: str) -> str:
    part = parsed.get_body((subtype,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _with_pictures(html: str, parsed: EmailMessage) -> str:
    pictures = {
        str(part["Content-ID"]).strip("<>"): _data_address(part) for part in parsed.walk() if part["Content-ID"]
    }
    return re.sub(r'"cid:([^"]+)"', lambda found: f'"{pictures.get(found[1], "")}"', html)


def _data_address(part: EmailMessage) -> str:
    return f"data:{part.get_content_type()};base64,{b64encode(part.get_content()).decode()}"
