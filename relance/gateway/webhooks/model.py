"""What the webhooks of all relays come down to: readings, as those of mails (`domain.intake`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from relance.domain.intake import Clues, DoorNames, MailReading, MessageKind, RecipientReport, ReportAction
from relance.domain.intake.clues import clues_of
from relance.domain.intake.fields import address_in
from relance.domain.intake.parts import encodable

Json: TypeAlias = Any
LONGEST = 2_000


class SignatureRejected(Exception):
    """A call is not from whom it says: no signature, a wrong one, or one that is too old."""


class MalformedCall(Exception):
    """A call is signed and cannot be read."""


@dataclass(frozen=True, slots=True)
class RelayEvent:
    """One event of a relay: its id there, which is the same when it comes again, what it reports, and its own bytes."""

    id: str
    reading: MailReading
    raw: bytes = b""


def bounce(
    recipient: str, *, diagnostic: str, clues: Clues, status: str = "", action: ReportAction = ReportAction.FAILED
) -> MailReading:
    """Return the reading of a delivery report about one recipient."""
    report = RecipientReport(action, final=recipient, status=status, diagnostic=diagnostic[:LONGEST])
    return MailReading(MessageKind.DELIVERY_REPORT, clues, (report,))


def complaint(recipient: str, clues: Clues, feedback: str = "abuse") -> MailReading:
    """Return the reading of a complaint; `feedback` is `abuse` or `opt-out`."""
    reports = (RecipientReport(ReportAction.FAILED, final=recipient),) if recipient else ()
    return MailReading(MessageKind.COMPLAINT, clues, reports, feedback)


def clues_from(*, sender: str = "", message_id: str = "", texts: Iterable[str] = ()) -> Clues:
    """Return the clues of an envelope sender, a Message-ID and other texts."""
    wrapped = f"<{message_id.strip().strip('<>')}>" if message_id.strip() else ""
    return clues_of((), {"return-path": sender, "message-id": wrapped}, tuple(texts), DoorNames())


def text_at(value: Json, *path: str) -> str:
    """Return the text at a path of objects; empty if nothing or no text stands there."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return encodable(str(value)[:LONGEST]) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def address_at(value: Json, *path: str) -> str:
    """Return the address at a path; empty if there is none."""
    return address_in(text_at(value, *path))


def parsed(text: bytes | str) -> Json:
    """Return what a JSON text says; half a surrogate pair is read, and mended by `text_at`.

    Some relays cut a reply in the middle of an emoji. A stricter reader would refuse the event each time it is sent.

    Raises:
        MalformedCall: it is no JSON, or is nested too deep.
    """
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedCall("no JSON") from None
    return value


def mapping(value: Json) -> Mapping[str, Json]:
    """Return an object.

    Raises:
        MalformedCall: it is none.
    """
    if not isinstance(value, Mapping):
        raise MalformedCall("an object was expected")
    return value


def listing(value: Json) -> list[Json]:
    """Return a list; empty if it is none."""
    return value if isinstance(value, list) else []
