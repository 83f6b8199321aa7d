"""`cycle entries`: the invitations of a period one by one, with what became of each and why; ids only (SPEC 13)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from relance import ids
from relance.cli.base.command import Run, invalid
from relance.cli.base.output import Answer, table
from relance.cli.base.periods import read_period
from relance.cli.cycle.control import PeriodArgument
from relance.domain.cycle.balance import Wanted
from relance.domain.failures import FailureClass
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from relance.errors import NotFound
from relance.wording.reasons import FAILURES, reason_in_words
from relance.wording.summaries import counted

SHOWN, MOST = 50, 10_000
OPEN = "open"
_OPEN = frozenset({InvitationStatus.QUEUED, InvitationStatus.SENDING})
LONGEST_REASON = 60


class EntryStatus(StrEnum):
    """The statuses as they are typed; `open` stands for all that have no outcome yet."""

    OPEN = OPEN
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    OPENED = "opened"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


async def entries(
    run: Run,
    period: PeriodArgument,
    *,
    status: Annotated[
        list[EntryStatus] | None, typer.Option("--status", help="Of this status only; may be given several times.")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="With this reason or class of error, as `cycle report` names it."),
    ] = None,
    after: Annotated[str, typer.Option("--after", help="Go on behind this id: the `next` of the page before.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Most invitations shown.")] = SHOWN,
) -> Answer:
    """List a cycle's invitations with what became of each and why, in order of id, page by page.

    Shows ids, no addresses and no names; `why ID` tells the story of one.
    """
    read_period(period)
    code = _reason(reason)
    if after and not (ids.is_invitation_id(after) and after.startswith(f"{period}.")):
        invalid("--after", f"{after!r} is no invitation id of {period}", f"write {period}.USER.CONTACT")
    wanted = Wanted(_statuses(status or []), code)
    async with run.database() as database:
        found = await database.ledger.listed(period, wanted, after, limit)
        total = await database.ledger.count_listed(period, wanted)
        if not total and not await database.ledger.is_known(period) and not await database.plans.open_count(period):
            raise NotFound(f"PERIOD: nothing is known of {period}; `cycle list` shows the periods there are")
    more = found[-1].id if len(found) == limit and total > limit else None
    return _answer(period, found, total, more)


def _reason(text: str | None) -> str | None:
    if text is None:
        return None
    code = "_".join(text.lower().replace("-", "_").split())
    if not code or len(code) > LONGEST_REASON:
        invalid("--reason", "it is empty or too long", "write a reason as `cycle report` names it: contact opted out")
    return code


def _statuses(typed: Sequence[EntryStatus]) -> frozenset[InvitationStatus]:
    wanted: set[InvitationStatus] = set()
    for text in typed:
        wanted |= _OPEN if text is EntryStatus.OPEN else {InvitationStatus(text.value)}
    return frozenset(wanted)


def _answer(period: str, found: Sequence[Invitation], total: int, more: str | None) -> Answer:
    data = {"period": period, "total": total, "entries": [_data(entry) for entry in found], "next": more}
    if not found:
        what = "No further invitation" if total else "No invitation"
        return Answer(data, f"{what} of {period} is like that.")
    rows = [
        (
            Text(entry.id),
            entry.status,
            _why(entry),
            entry.last_error.code if entry.last_error else None,
            entry.sent_at,
            _last(entry),
        )
        for entry in found
    ]
    columns = ("invitation", "status", "reason", "code", "sent", "ended or next try")
    parts: list[Any] = [table(f"Invitations of {period}", columns, rows)]
    parts.append(f"{counted(len(found), 'invitation')} of {total} shown.")
    if more:
        parts.append(f"The next ones: add --after {more}, or --limit for more at once.")
    return Answer(data, Group(*parts))


def _data(entry: Invitation) -> dict[str, object]:
    error = entry.last_error
    return {
        "invitation_id": entry.id,
        "user_id": entry.user_id,
        "contact_id": entry.contact_id,
        "status": entry.status,
        "reason": entry.reason,
        "class": error.class_ if error else None,
        "code": error.code if error else None,
        "because": _why(entry),
        "attempts": entry.attempts,
        "sent_at": entry.sent_at,
        "retry_at": entry.retry_at,
        "ended_at": entry.ended_at,
    }


def _why(entry: Invitation) -> str | None:
    """Return why it is as it is, in words."""
    if entry.reason is not None:
        return reason_in_words(entry.reason)
    if entry.last_error is None or entry.status not in _OPEN | {InvitationStatus.FAILED, InvitationStatus.BOUNCED}:
        return None
    known = entry.last_error.class_ in set(FailureClass)
    return FAILURES[FailureClass(entry.last_error.class_)] if known else reason_in_words(entry.last_error.class_)


def _last(entry: Invitation) -> object:
    return entry.retry_at if entry.status in _OPEN else entry.ended_at
