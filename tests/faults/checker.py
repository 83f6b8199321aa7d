"""The invariants of SPEC section 12, judged from the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from relance.domain.invitations.invitation import InvitationStatus
from tests.faults.evidence import Evidence
from tests.support.expectation import Expectation

MEMORY_MB = 512
_ENDED_UNSENT = {InvitationStatus.FAILED, InvitationStatus.BOUNCED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one invariant holds, and in words why not."""

    name: str
    holds: bool
    finding: str


def lost(evidence: Evidence, expected: Expectation) -> list[str]:
    """Return the invitations that were neither accepted by the mailbox nor ended with a reason, in order."""
    arrived = set(evidence.message_ids)
    missing = [invitation for address, invitation in expected.reachable.items() if address not in arrived]
    for invitation in expected.refused.values():
        entry = evidence.entries.get(invitation)
        if entry is None or entry.status not in _ENDED_UNSENT or entry.last_error is None:
            missing.append(invitation)
    return sorted(missing)


def ineligible(evidence: Evidence, expected: Expectation) -> int:
    """Return how many mailboxes got a mail that must not have got one."""
    return len(evidence.message_ids.keys() - expected.reachable.keys())


def judge(evidence: Evidence, expected: Expectation) -> list[Verdict]:
    """Return the verdicts on I1 to I7."""
    return [
        Verdict(f"I{number}", not finding, finding)
        for number, check in enumerate(_CHECKS, start=1)
        for finding in [check(evidence, expected)]
    ]


def _nothing_lost(evidence: Evidence, expected: Expectation) -> str:
    missing = lost(evidence, expected)
    return f"{len(missing)} eligible invitations lost, first {missing[0]}" if missing else ""


def _few_duplicates(evidence: Evidence, expected: Expectation) -> str:
    if evidence.duplicates > evidence.bound:
        return f"{evidence.duplicates} duplicates, at most {evidence.bound} may be"
    return "" if evidence.same_message_id else "somebody got the same mail under two Message-IDs"


def _nobody_ineligible(evidence: Evidence, expected: Expectation) -> str:
    count = ineligible(evidence, expected)
    return f"{count} people were written to who must not be" if count else ""


def _books_agree(evidence: Evidence, expected: Expectation) -> str:
    recorded = {entry.message_id for entry in evidence.entries.values() if entry.sent_at is not None}
    accepted = set(evidence.copies)
    result, balance = evidence.result, evidence.balance
    if recorded != accepted:
        return (
            f"the ledger has {len(recorded - accepted)} mails the mailbox has not, and lacks {len(accepted - recorded)}"
        )
    if result.sent != len(accepted) or balance.sent != len(accepted):
        return f"the cycle says {result.sent} sent, the balance {balance.sent}, the mailbox {len(accepted)}"
    off = {"balance": balance.balance, "open": balance.open, "plans open": balance.plans_open}
    return ", ".join(f"{name} is {count}" for name, count in off.items() if count)


def _faults_counted_once(evidence: Evidence, expected: Expectation) -> str:
    counted = sum(evidence.result.failed.values())
    return f"{counted} failures counted, {len(expected.refused)} happened" if counted != len(expected.refused) else ""


def _bounded(evidence: Evidence, expected: Expectation) -> str:
    if evidence.peak_rss_mb >= MEMORY_MB:
        return f"a worker took {evidence.peak_rss_mb:.0f} MB"
    left = evidence.mailbox.open_connections
    return f"{left} connections to the mailbox were left open" if left else ""


def _runs_recorded(evidence: Evidence, expected: Expectation) -> str:
    repeated = [
        key for key, count in Counter((run["job"], run["nominal"]) for run in evidence.job_runs).items() if count > 1
    ]
    if repeated:
        return f"{len(repeated)} nominal times have more than one record"
    return "" if evidence.stored == evidence.result else "the stored report is not the cycle's result"


_CHECKS: tuple[Callable[[Evidence, Expectation], str], ...] = (
    _nothing_lost,
    _few_duplicates,
    _nobody_ineligible,
    _books_agree,
    _faults_counted_once,
    _bounded,
    _runs_recorded,
)
