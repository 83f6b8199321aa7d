"""What a message is: a delivery report, a complaint, an unsubscribe mail, an automatic answer, or none of these."""

from __future__ import annotations

from dataclasses import replace
from email.message import Message

from relance.domain.intake.automatic import is_automatic, is_challenge, is_disposition
from relance.domain.intake.clues import addresses_came_to, clues_of, comes_to, returned_headers
from relance.domain.intake.complaints import complained_recipients, feedback_fields, is_redacted
from relance.domain.intake.delivery_status import envelope_ids, has_status_part, status_reports
from relance.domain.intake.fields import Fields
from relance.domain.intake.model import (
    Clues,
    DoorNames,
    MailReading,
    MessageEnvelope,
    MessageKind,
    RecipientReport,
    ReportAction,
)
from relance.domain.intake.parts import body_text, header
from relance.domain.intake.plain_reports import is_plain_report, plain_reports
from relance.domain.intake.report_words import RETURNED

LONGEST_REQUEST = 2_000
_NO_ENVELOPE = MessageEnvelope()
_NAMES = DoorNames()


def read_message(
    message: Message | None, envelope: MessageEnvelope = _NO_ENVELOPE, names: DoorNames = _NAMES
) -> MailReading:
    """Return what a message is and what it says; never raises."""
    if message is None:
        return MailReading(MessageKind.UNREADABLE)
    try:
        return _read(message, envelope, names)
    except Exception:  # noqa: BLE001 - whatever a foreign message does to us, it is kept and the next one is read
        return MailReading(MessageKind.UNREADABLE)


def _read(message: Message, envelope: MessageEnvelope, names: DoorNames) -> MailReading:
    came_to = addresses_came_to(message, envelope)
    body = body_text(message)
    cut = RETURNED.search(body)
    explanation, tail = (body[: cut.start()], body[cut.start() :]) if cut else (body, "")
    returned = returned_headers(message, tail)
    fields = feedback_fields(message)
    if fields is not None:
        return _complaint(fields, clues_of(came_to, returned, (fields.get("original-mail-from", ""),), names))
    clues = clues_of(came_to, returned, (), names, envelope_ids(message))
    reports = () if is_disposition(message) else tuple(_reports(message, explanation))
    if reports or has_status_part(message) or is_plain_report(message, explanation):
        return MailReading(MessageKind.DELIVERY_REPORT, clues, reports)
    if is_challenge(message) or is_automatic(message):
        return MailReading(MessageKind.CHALLENGE if is_challenge(message) else MessageKind.AUTOMATIC, clues)
    if comes_to(came_to, names.unsubscribe):
        request = (header(message, "Subject"), body[:LONGEST_REQUEST])
        return MailReading(MessageKind.UNSUBSCRIBE, clues_of(came_to, {}, request, names))
    return MailReading(MessageKind.OTHER, clues)


def _complaint(fields: Fields, clues: Clues) -> MailReading:
    shown = replace(clues, returned_to=tuple(address for address in clues.returned_to if not is_redacted(address)))
    reports = tuple(RecipientReport(ReportAction.FAILED, final=address) for address in complained_recipients(fields))
    return MailReading(MessageKind.COMPLAINT, shown, reports, fields.get("feedback-type", "abuse").strip().lower())


def _reports(message: Message, explanation: str) -> list[RecipientReport]:
    found = status_reports(message)
    if found:
        # A status part may say no more than "failed"; then the words a person reads say why.
        return [
            report if report.diagnostic or report.status[2:4] not in {"", "0."} else _in_words(report, explanation)
            for report in found
        ]
    return plain_reports(message, explanation) if is_plain_report(message, explanation) else []


def _in_words(report: RecipientReport, explanation: str) -> RecipientReport:
    return RecipientReport(report.action, report.final, report.original, report.status, explanation[:2_000].strip())
