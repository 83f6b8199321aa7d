"""When repeated failures make a contact count as bounced (SPEC X2, `reference/mail.md` A.4)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from relance.domain.failures.model import Failure, Strikes
from relance.domain.invitations.invitation import Invitation, InvitationStatus, LastError

_TRIED = frozenset(InvitationStatus) - {
    InvitationStatus.QUEUED,
    InvitationStatus.SENDING,
    InvitationStatus.SKIPPED,
    InvitationStatus.CANCELLED,
}


def is_struck_out(failure: Failure, invitation: Invitation, history: Iterable[Invitation], at: datetime) -> bool:
    """Return whether a mail of `invitation`, given up for this failure at `at`, is the last one its contact gets.

    `history` are the contact's invitations, in any order and with or without this one, as they were before.
    """
    strikes = failure.strikes
    if strikes is None:
        return False
    if strikes.within is not None:
        oldest = at - strikes.within
        earlier = [entry for entry in history if (error := _alike(entry, failure, strikes)) and error.at >= oldest]
        return len(earlier) + 1 >= strikes.count
    if invitation.sent_at is not None:
        # The mailbox took the invitation; what failed is a reminder.
        return False
    before = sorted(
        (entry for entry in history if entry.period < invitation.period and entry.status in _TRIED),
        key=lambda entry: entry.period,
        reverse=True,
    )[: strikes.count - 1]
    full = [
        candidate
        for candidate in before
        if candidate.status is InvitationStatus.FAILED and _alike(candidate, failure, strikes)
    ]
    return len(full) == strikes.count - 1


def count_refusals(reported: Iterable[tuple[str, str]]) -> int:
    """Return how many refusals there were at least, from reports of them: pairs of an invitation and a way it came.

    A relay reports each refusal once in its own way, so what came in two ways may be one refusal.
    """
    by_invitation: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for invitation_id, way in reported:
        by_invitation[invitation_id][way] += 1
    return sum(max(ways.values()) for ways in by_invitation.values())


def _alike(invitation: Invitation, failure: Failure, strikes: Strikes) -> LastError | None:
    error = invitation.last_error
    counts = error is not None and error.class_ == failure.class_ and re.fullmatch(strikes.codes, error.code)
    return error if counts else None
