"""Delivery reports in words: Exim, qmail, older sendmail, Exchange, Yahoo, Courier, Lotus Notes and others.

The recipients are those of `X-Failed-Recipients`, those flufl.bounce (Mailman's detectors) knows, and the addresses of
the explanation; each with the words that stand by it. What they mean is for the tables to say (SPEC X1): the library
knows no reasons.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from email.message import Message

from flufl.bounce import all_failures

from relance.domain.intake.fields import addresses_in, placed_addresses
from relance.domain.intake.model import RecipientReport, ReportAction
from relance.domain.intake.parts import encodable, header, headers
from relance.domain.intake.report_words import DELAYED, FAILED, NOT_A_RECIPIENT
from relance.domain.intake.reporters import is_system_sender
from relance.domain.invitations.addresses import mailbox_key

# Where a detector stumbles the library logs a traceback, whose last line may quote the message.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

LONGEST_SECTION = 2_000
MOST_RECIPIENTS = 200
"""As many as a status part may report on (`fields.MOST_BLOCKS`); a mail of ours has one."""

LIBRARY_LINES = 3_000
_REPLY = re.compile(
    r"(?<![\d.\-:/])([45]\d\d)(?=[ \-]\S|[ ]?#|: ?\S)(?! ?(?:bytes|octets|kb|mb|messages|days|hours|minutes|seconds))"
)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")


def plain_reports(message: Message, explanation: str) -> list[RecipientReport]:
    """Return a report per address that a message without status part says it could not reach, or not yet."""
    named = [address for value in headers(message, "X-Failed-Recipients") for address in addresses_in(value)]
    for_good, for_now = _known_to_library(message)
    waiting = {mailbox_key(address) for address in for_now}
    sections = _sections(explanation)
    # What stands before the addresses is about all of them.
    preamble = explanation[: explanation.find(sections[0][1])] if sections else ""
    all_wait = DELAYED.search(preamble.lower()) is not None
    reports = {
        (key := mailbox_key(address)): _report(address, text, delayed=all_wait or key in waiting)
        for address, text in sections
    }
    for address in (*named, *for_good):
        if len(reports) >= MOST_RECIPIENTS:
            break
        if (key := mailbox_key(address)) not in reports:
            reports[key] = _report(address, explanation, delayed=False)
    if not reports and (_REPLY.search(explanation) or _STATUS.search(explanation)):
        # It names nobody, and says why: only the address it came to says whom it is about.
        return [_report("", explanation, delayed=False)]
    return list(reports.values())


def is_plain_report(message: Message, explanation: str) -> bool:
    """Return whether a message without status part reports on a delivery: by its sender and its words, never by one."""
    if header(message, "X-Failed-Recipients"):
        return True
    words = explanation.lower()
    speaks_of_failure = FAILED.search(words) is not None or DELAYED.search(words) is not None
    return is_system_sender(message) and (speaks_of_failure or _REPLY.search(words) is not None)


def _report(address: str, text: str, *, delayed: bool) -> RecipientReport:
    reply = _REPLY.search(text)
    words = text[reply.start() :] if reply else text
    status = _STATUS.search(text)
    code = reply[1] if reply else ""
    failed_for_good = code.startswith("5") or (status is not None and status[1].startswith("5"))
    waits = not failed_for_good and (delayed or DELAYED.search(text.lower()) is not None)
    return RecipientReport(
        action=ReportAction.DELAYED if waits else ReportAction.FAILED,
        final=address,
        status=status[1] if status else "",
        diagnostic=words[:LONGEST_SECTION].strip(),
    )


def _sections(explanation: str) -> list[tuple[str, str]]:
    """Return each address of the explanation with its words: from its first line up to the next address."""
    starts: dict[str, tuple[str, int]] = {}
    for address, place in placed_addresses(explanation):
        if NOT_A_RECIPIENT.match(address) or not _looks_whole(address):
            continue
        starts.setdefault(mailbox_key(address), (address, explanation.rfind("\n", 0, place) + 1))
        if len(starts) >= MOST_RECIPIENTS:
            break
    if not starts:
        return []
    ordered = sorted(starts.values(), key=lambda section: section[1])
    ends = [*(start for _, start in ordered[1:]), len(explanation)]
    sections = [(address, explanation[start:end].strip()) for (address, start), end in zip(ordered, ends, strict=True)]
    if len(sections) == 1 and not _says_why(sections[0][1], sections[0][0]):
        return [(sections[0][0], explanation)]
    return sections


def _says_why(text: str, address: str) -> bool:
    return len(text.replace(address, "").strip("<>()[]:. \n\t-")) > 3


def _looks_whole(address: str) -> bool:
    return "." in address.rpartition("@")[2] or not address.isascii()


def _known_to_library(message: Message) -> tuple[list[str], list[str]]:
    # It looks at every line with each of its patterns.
    lines = 0
    for part in message.walk():
        payload = part.get_payload()
        lines += payload.count("\n") if isinstance(payload, str) else 1
        if lines > LIBRARY_LINES:
            return [], []
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - its detectors stumble over some junk
        return [], []
    return list(_texts(permanent)), list(_texts(temporary))


def _texts(addresses: Iterable[str | bytes]) -> Iterator[str]:
    for address in addresses:
        yield encodable(address.decode("utf-8", "replace") if isinstance(address, bytes) else address)
