"""What a run left behind: the mailbox's own log, the ledger, the cycle's result, the worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.models import Accepted, MailboxStats
from relance.domain.invitations.invitation import Invitation


@dataclass(frozen=True, slots=True)
class Evidence:
    """Read after the end of the run, when no worker is alive any more.

    `kills` times `connections`, and the `doubts` (replies that were lost on purpose), bound the duplicates; after
    `gentle` kills, which let everybody finish, there may be none. `stored` and `job_runs` are the raw documents of the
    job runs.
    """

    accepted: Sequence[Accepted]
    mailbox: MailboxStats
    entries: Mapping[str, Invitation]
    result: CycleStatistics
    balance: CycleStatistics
    stored: CycleStatistics | None
    job_runs: Sequence[Mapping[str, Any]]
    peak_rss_mb: float
    kills: int
    connections: int
    resolver: bool = False
    doubts: int = 0
    gentle: bool = False

    @property
    def bound(self) -> int:
        """How many duplicates there may be."""
        return 0 if self.resolver or self.gentle else self.kills * self.connections + self.doubts

    @property
    def copies(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(mail.message_id for mail in self.accepted)

    @property
    def message_ids(self) -> dict[str, list[str]]:
        """The Message-IDs each recipient got, in order."""
        found: dict[str, list[str]] = {}
        for mail in self.accepted:
            for address in mail.to:
                found.setdefault(address.casefold(), []).append(mail.message_id)
        return found

    @property
    def duplicates(self) -> int:
        """Mails accepted beyond the first of their Message-ID."""
        return len(self.accepted) - len(self.copies)

    @property
    def same_message_id(self) -> bool:
        """Whether whoever got more than one mail got the same Message-ID each time."""
        return all(len(set(ids)) == 1 for ids in self.message_ids.values())
