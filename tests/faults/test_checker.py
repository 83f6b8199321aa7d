"""The checker finds what it is there to find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relance.contracts.cycle import CycleStatistics
from relance.devstack.mailbox.models import Accepted, MailboxStats
from relance.domain.invitations.invitation import Invitation, InvitationStatus
from tests.faults.checker import judge
from tests.faults.evidence import Evidence
from tests.support.expectation import Expectation

AT = datetime(2026, 11, 5, 17, tzinfo=UTC)
EXPECTED = Expectation(reachable={"a@x.example": "2026-11.u.a", "b@x.example": "2026-11.u.b"}, refused={})


def _mail(contact: str, *, to: str = "", message_id: str = "") -> Accepted:
    return Accepted(
        n=1,
        time=AT,
        connection=1,
        message_id=message_id or f"<2026-11.u.{contact}.invitation@f.example>",
        sender="bounce@f.example",
        to=(to or f"{contact}@x.example",),
    )


def _entry(contact: str) -> Invitation:
    return Invitation(
        id=f"2026-11.u.{contact}",
        period="2026-11",
        user_id="u",
        contact_id=contact,
        status=InvitationStatus.SENT,
        queued_at=AT,
        sent_at=AT,
        message_id=f"<2026-11.u.{contact}.invitation@f.example>",
    )


def _statistics(**changes: int) -> CycleStatistics:
    sound = {"eligible": 2, "sent": 2, "cancelled": 0, "uncertain": 0, "open": 0, "balance": 0, "plans_open": 0}
    return CycleStatistics(period="2026-11", skipped={}, failed={}, **{**sound, **changes})


def _stats(open_connections: int = 0) -> MailboxStats:
    return MailboxStats(
        total=2,
        deliveries=2,
        duplicates=0,
        repeated=(),
        connections=2,
        open_connections=open_connections,
        max_simultaneous=2,
    )


SOUND = Evidence(
    accepted=[_mail("a"), _mail("b")],
    mailbox=_stats(),
    entries={entry.id: entry for entry in (_entry("a"), _entry("b"))},
    result=_statistics(),
    balance=_statistics(),
    stored=_statistics(),
    job_runs=[],
    peak_rss_mb=100.0,
    kills=1,
    connections=1,
)


def _broken(evidence: Evidence) -> Mapping[str, str]:
    return {verdict.name: verdict.finding for verdict in judge(evidence, EXPECTED) if not verdict.holds}


def test_a_sound_run_holds() -> None:
    assert _broken(SOUND) == {}
    assert _broken(replace(SOUND, accepted=[*SOUND.accepted, _mail("a")])) == {}


RUN = {"job": "monthly-cycle", "nominal": AT}


@pytest.mark.parametrize(
    ("evidence", "invariant", "finding"),
    [
        (replace(SOUND, accepted=[_mail("a")]), "I1", "1 eligible invitations lost, first 2026-11.u.b"),
        (replace(SOUND, accepted=[*SOUND.accepted, _mail("a"), _mail("b")]), "I2", "2 duplicates, at most 1 may be"),
        (replace(SOUND, accepted=[*SOUND.accepted, _mail("a")], gentle=True), "I2", "1 duplicates, at most 0 may be"),
        (
            replace(SOUND, accepted=[*SOUND.accepted, _mail("a", message_id="<other@f.example>")]),
            "I2",
            "somebody got the same mail under two Message-IDs",
        ),
        (replace(SOUND, accepted=[*SOUND.accepted, _mail("c")]), "I3", "1 people were written to who must not be"),
        (replace(SOUND, entries={}), "I4", "the ledger has 0 mails the mailbox has not, and lacks 2"),
        (replace(SOUND, result=_statistics(sent=3)), "I4", "the cycle says 3 sent, the balance 2, the mailbox 2"),
        (replace(SOUND, balance=_statistics(balance=1, open=2)), "I4", "balance is 1, open is 2"),
        (replace(SOUND, peak_rss_mb=600.0), "I6", "a worker took 600 MB"),
        (replace(SOUND, mailbox=_stats(3)), "I6", "3 connections to the mailbox were left open"),
        (replace(SOUND, job_runs=[RUN, RUN]), "I7", "1 nominal times have more than one record"),
        (replace(SOUND, stored=None), "I7", "the stored report is not the cycle's result"),
    ],
)
def test_whatever_is_broken_is_found_and_named(evidence: Evidence, invariant: str, finding: str) -> None:
    assert _broken(evidence)[invariant] == finding


def test_a_refused_recipient_must_have_ended_with_a_reason() -> None:
    expected = Expectation(reachable={"a@x.example": "2026-11.u.a"}, refused={"b@x.example": "2026-11.u.b"})
    verdicts = {verdict.name: verdict.finding for verdict in judge(replace(SOUND, accepted=[_mail("a")]), expected)}
    assert verdicts["I1"] == "1 eligible invitations lost, first 2026-11.u.b"
    assert verdicts["I5"] == "0 failures counted, 1 happened"
