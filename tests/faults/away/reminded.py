"""What the mails and the ledger of a period say about its reminders (SPEC section 4, R3): nothing here knows how."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from relance.devstack.mailbox.models import Accepted
from relance.domain.invitations.invitation import Invitation, InvitationStatus, MailKind
from relance.domain.invitations.reminders import ReminderRefusal

_MESSAGE_ID = re.compile(r"<(?P<invitation>.+)\.(?P<kind>invitation|first|second|correction)@.+>")
_FOLLOWED = {InvitationStatus.SENT, InvitationStatus.OPENED}


class Mail(NamedTuple):
    """One accepted mail of an invitation, and when."""

    invitation: str
    kind: MailKind
    at: datetime


def mails_of(period: str, log: Iterable[Accepted]) -> list[Mail]:
    """Return the mails of a period, in the order of the mailbox's log."""
    found = ((one, _MESSAGE_ID.fullmatch(one.message_id)) for one in log)
    mails = [Mail(match["invitation"], MailKind(match["kind"]), one.time) for one, match in found if match]
    return [one for one in mails if one.invitation.startswith(f"{period}.")]


def recorded(entries: Iterable[Invitation]) -> list[Mail]:
    """Return the mails that the ledger says were sent."""
    mails = []
    for entry in entries:
        if entry.sent_at is not None:
            mails.append(Mail(entry.id, MailKind.INVITATION, entry.sent_at))
        mails += [Mail(entry.id, one.type, one.sent_at) for one in entry.reminders]
    return mails


def closest_s(mails: Iterable[Mail]) -> float | None:
    """Return the least seconds between two mails of one invitation; copies of the same mail do not count."""
    ways: dict[str, list[tuple[datetime, MailKind]]] = {}
    for mail in mails:
        ways.setdefault(mail.invitation, []).append((mail.at, mail.kind))
    gaps = (
        (after - before).total_seconds()
        for way in ways.values()
        for (before, one), (after, other) in pairwise(sorted(way))
        if one is not other
    )
    return min(gaps, default=None)


def doubled_reminders(mails: Iterable[Mail]) -> int:
    """Return how many reminders were accepted beyond the first of their kind and invitation."""
    copies = Counter((mail.invitation, mail.kind) for mail in mails if mail.kind is not MailKind.INVITATION)
    return sum(copies.values()) - len(copies)


def unwanted(mails: Iterable[Mail], ended: Mapping[str, datetime]) -> int:
    """Return how many mails went out for invitations after they had ended, at these instants."""
    return sum(mail.invitation in ended and mail.at > ended[mail.invitation] for mail in mails)


def silent_steps(entries: Iterable[Invitation], at: datetime) -> list[str]:
    """Return the reminders that were due by an instant and were neither sent nor refused, in order."""
    return sorted(f"{entry.id} {kind}" for entry in entries for kind in _silent(entry, at))


def refusals(entries: Sequence[Invitation]) -> dict[str, int]:
    """Return how many reminders were not sent, by reason."""
    found = Counter(f"{skip.type}: {skip.reason}" for entry in entries for skip in entry.reminder_skips)
    return dict(sorted(found.items()))


def _silent(entry: Invitation, at: datetime) -> Iterator[MailKind]:
    if entry.status not in _FOLLOWED or entry.due_at is None:
        return
    sent = {one.type for one in entry.reminders}
    skips = {one.type: one.reason for one in entry.reminder_skips}
    for kind, due in ((MailKind.FIRST, entry.due_at.first), (MailKind.SECOND, entry.due_at.second)):
        if kind in sent:
            continue
        if kind not in skips and due <= at:
            yield kind
        if _is_final(skips.get(kind, "")):
            # What ends an invitation for good is recorded once.
            return


def _is_final(reason: str) -> bool:
    return reason in {one.value for one in ReminderRefusal if one.final}
