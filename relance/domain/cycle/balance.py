"""The balance of a cycle: every contact it had to decide about has exactly one outcome (SPEC C13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from relance.domain.invitations.invitation import InvitationStatus

_S = InvitationStatus
_OPEN = {_S.QUEUED, _S.SENDING}
# Only a mail that arrived gets here, whether or not its acceptance was recorded.
_SENT = {_S.SENT, _S.OPENED, _S.EXPIRED}


_FIELDS = ("status", "reason", "class", "sent")
Outcome: TypeAlias = tuple[Any, ...]
"""What `_FIELDS` say of an entry."""


@dataclass(slots=True)
class CountedOutcomes:
    """The outcomes of all entries up to the id `place`: how far a count over a whole period has come.

    A count that goes on after `place` counts every entry once, because no entry changes its id.
    """

    place: str = ""
    _counts: Counter[Outcome] = field(default_factory=Counter)

    @classmethod
    def restored(cls, place: str, rows: Sequence[Sequence[Any]]) -> CountedOutcomes:
        """Return the count that `state` was taken of."""
        return cls(place, Counter({tuple(row[:-1]): row[-1] for row in rows}))

    def state(self) -> tuple[str, list[list[Any]]]:
        """Return it for a heartbeat: ids, codes and counts."""
        return self.place, [[*outcome, count] for outcome, count in self._counts.items()]

    def add(self, place: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add the outcomes of the entries after `place`, up to a new one."""
        for row in rows:
            self._counts[tuple(row.get(name) for name in _FIELDS)] += row["count"]
        self.place = place

    def rows(self) -> list[Mapping[str, Any]]:
        """Return what was counted, for `sum_up`."""
        return [{**dict(zip(_FIELDS, outcome, strict=True)), "count": n} for outcome, n in self._counts.items()]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are listed: of these statuses (none: of any), and with this reason or class of error."""

    statuses: frozenset[InvitationStatus] = frozenset()
    reason: str | None = None


@dataclass(slots=True)
class Balance:
    """Outcomes of a period: `skipped` by reason, `failed` by class; `open` entries have no outcome yet.

    `eligible` is counted from the contacts, not from the outcomes, or nothing could ever be missing.
    """

    eligible: int
    sent: int = 0
    cancelled: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    uncertain: int = 0
    open: int = 0

    @property
    def balance(self) -> int:
        """What is unaccounted for: 0 in a sound ledger, positive if entries are missing, negative if too many."""
        ended = self.sent + self.cancelled + sum(self.skipped.values()) + sum(self.failed.values()) + self.uncertain
        return self.eligible - ended - self.open


def sum_up(rows: Iterable[Mapping[str, Any]], eligible: int) -> Balance:
    """Return the balance over rows `{status, reason, class, sent, count}` (`ports.Ledger.outcomes`).

    An entry that was sent counts as sent whatever became of it. A status this code does not know counts nowhere, so
    that it shows as an imbalance.
    """
    result = Balance(eligible=eligible)
    for row in rows:
        _add(result, row)
    return result


def _add(result: Balance, row: Mapping[str, Any]) -> None:
    status, count = row["status"], row["count"]
    if row["sent"] or status in _SENT:
        result.sent += count
    elif status in _OPEN:
        result.open += count
    elif status == _S.CANCELLED:
        result.cancelled += count
    elif status == _S.UNCERTAIN:
        result.uncertain += count
    elif status == _S.FAILED:
        _count(result.failed, row["class"] or "unknown", count)
    elif status == _S.SKIPPED:
        _count(result.skipped, row["reason"] or "unknown", count)
    elif status in {_S.SUBMITTED, _S.BOUNCED}:
        _count(result.skipped, row["reason"] or str(status), count)


def _count(counts: dict[str, int], key: str, count: int) -> None:
    counts[key] = counts.get(key, 0) + count
