"""Sample letters, written and read again as a mail program would."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

from relance.domain.invitations.invitation import MailKind
from relance.ids import message_id
from relance.ports import OutgoingMail
from relance.rendering.mail import MailRenderer
from relance.settings.mail import MailGroup

SETTINGS = MailGroup(reply_to="reponses@form-a-friend.example")
INVITATION = "2026-11.u1.c1"
FORM = f"https://form-a-friend.example/f/form-{INVITATION}"
UNSUBSCRIBE = f"https://form-a-friend.example/u/stop-{INVITATION}"
THREAD = message_id(INVITATION, MailKind.INVITATION, SETTINGS.message_id_domain)
DATE = datetime(2026, 11, 5, 18, 0, 30, 999, tzinfo=timezone(timedelta(hours=1)))
WRITER = MailRenderer(SETTINGS, "form-{}".format, "stop-{}".format)
EVERY = [(kind, language) for kind in MailKind for language in ("fr", "en")]


def a_letter(kind: MailKind = MailKind.INVITATION, locale: str = "fr", **changed: Any) -> OutgoingMail:
    fields: dict[str, Any] = {
        "invitation_id": INVITATION,
        "kind": kind,
        "message_id": message_id(INVITATION, kind, SETTINGS.message_id_domain),
        "to_address": "ines@mail.example",
        "to_name": "Inès Nguyễn",
        "sender_name": "Camille d’Été",
        "locale": locale,
        "date": DATE,
        "references": None if kind is MailKind.INVITATION else THREAD,
    }
    return OutgoingMail(**{**fields, **changed})


def written(kind: MailKind = MailKind.INVITATION, locale: str = "fr", **changed: Any) -> bytes:
    return WRITER.write(a_letter(kind, locale, **changed))[1]


def read(message: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def display_name(raw: bytes) -> str:
    """The recipient's name by the older parser: the newer one puts spaces between encoded words (RFC 2047 6.2)."""
    phrase = email.message_from_bytes(raw)["To"].rpartition("<")[0].strip()
    return str(make_header(decode_header(phrase))) if "=?" in phrase else phrase.strip('"')


def defects(message: EmailMessage) -> Iterator[object]:
    """Everything the parser found wrong, in the parts as in their headers."""
    for one in message.walk():
        yield from one.defects
        for value in one.values():
            yield from value.defects


UTC_DATE = DATE.astimezone(UTC).replace(microsecond=0)
