"""How far the intake is behind, and what `doctor`, the watchdog and the health check say of it (SPEC G3, H2, H3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from composition.intake import events_of_command, mail_intake
from relance.adapters.clock import SystemClock
from relance.adapters.mongo.connection import Database
from relance.adapters.probes.intake import IntakeProbe
from relance.doctor.intake_lag import lag_findings
from relance.domain.health import watchdog
from relance.domain.health.watchdog import EffectState
from relance.domain.intake import MessageEnvelope, parse_message
from relance.domain.intake.arrival import arrived_at
from relance.domain.intake.records import IntakeLag
from tests.intake.examination import settings
from tests.support.patience import PATIENCE_S
from tests.support.smtp_relay import Relay

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HOP = "from mx.example.net by mail.example; "


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ([f"Received: {HOP}Sat, 28 Nov 2026 12:30:00 +0100"], datetime(2026, 11, 28, 11, 30, tzinfo=UTC)),
        ([f"Received: {HOP}\r\n\tSat, 28 Nov 2026 11:30:00 -0000 (UTC)"], datetime(2026, 11, 28, 11, 30, tzinfo=UTC)),
        ([f"Received: {HOP}Sat, 28 Nov 2026 11:30:00 +0000", "Received: y; Fri, 27 Nov 2026 11:30:00 +0000"],
         datetime(2026, 11, 28, 11, 30, tzinfo=UTC)),
        (["Received: from x by y"], None),
        (["Received: from x by y; yesterday"], None),
        (["Received: from x by y; Sat, 31 Nov 2026 11:30:00 +0000"], None),
        (["Date: Sat, 28 Nov 2026 11:30:00 +0000"], None),
    ],
)  # fmt: skip
def test_a_message_arrived_when_the_newest_hop_says(fields: list[str], at: datetime | None) -> None:
    assert arrived_at(parse_message("\r\n".join([*fields, "", "x"]).encode())) == at


def test_of_no_message_nothing_is_known() -> None:
    assert arrived_at(None) is None


async def test_what_waited_and_what_is_unmatched_is_found_and_said(db: Database) -> None:
    intake = mail_intake(settings, db, events_of_command(db), lambda _kind, _outcome: None)
    assert await db.intake_messages.lag(SystemClock().now()) == IntakeLag()
    begun = SystemClock().now()
    for number, (via, waited) in enumerate([("lmtp", 40), ("lmtp", 2), ("smtp", 600), ("file", 9_000)]):
        arrived = format_datetime(begun - timedelta(minutes=waited))
        raw = (
            f"Received: {HOP}{arrived}\r\nFrom: MAILER-DAEMON@mx.example.net\r\nSubject: {number}\r\n\r\n"
            "<somebody@else.example>: 550 5.1.1 User unknown\r\n"
        )
        await intake.take(raw.encode(), MessageEnvelope("", ()), via)
    now = SystemClock().now()
    lag = await db.intake_messages.lag(now)
    # A file is as old as it is, and by SMTP anybody may name any time.
    assert timedelta(minutes=40) <= lag.waited <= timedelta(minutes=41) + (now - begun)
    assert (lag.unmatched, lag.oldest is not None and lag.oldest <= now) == (4, True)
    # What waited before the last hour is over.
    later = await db.intake_messages.lag(now + timedelta(hours=2))
    assert (later.unmatched, later.waited) == (4, timedelta(0))
    relay = Relay()
    async with await relay.start():
        probe = IntakeProbe("127.0.0.1", relay.port, db.intake_messages, SystemClock(), PATIENCE_S)
        detail = (await probe.look()).detail
        relay.hang_up()
    assert detail.startswith("waited_40_min 4_unmatched_for_")


@pytest.mark.parametrize(
    ("lag", "states", "effect"),
    [
        (IntakeLag(), ["ok"], EffectState.FINE),
        (IntakeLag(waited=timedelta(minutes=29)), ["ok"], EffectState.FINE),
        (IntakeLag(waited=timedelta(minutes=30)), ["warning"], EffectState.STOPPED),
        (IntakeLag(unmatched=3, oldest=NOW - timedelta(days=4)), ["ok", "ok"], EffectState.FINE),
    ],
)
def test_mail_that_waits_long_is_a_warning_and_unmatched_reports_are_named(
    lag: IntakeLag, states: list[str], effect: EffectState
) -> None:
    findings = lag_findings(lag, NOW)
    assert [finding.state for finding in findings] == states
    judged = watchdog.intake(lag, NOW)
    assert judged.state is effect
    if lag.unmatched:
        assert findings[1].detail == "reports that match no mail of ours: 3, the oldest came 4 days ago"
        assert judged.detail.endswith("; 3 reports unmatched, the oldest 4 days ago")
