"""Each strategy of docs/errors.md is done by code: what the engine does when a real server answers so (SPEC X1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib import import_module
from typing import TypeAlias

import pytest

from relance.devstack.mailbox.client import Mailbox
from relance.devstack.mailbox.rules import Drop, Refuse, SmtpStage
from relance.domain.cycle.control import ControlState
from relance.domain.failures import Row, Strategy, http, mongodb, smtp, temporal
from relance.domain.invitations.invitation import InvitationStatus
from relance.failures import ROWS
from tests.activities.conftest import PERIOD, SEND_AT, ConnectRelay, Office

Drive: TypeAlias = Callable[[Office], Awaitable[None]]


async def outcome(office: Office) -> tuple[str, str | None, str | None]:
    """Return the status of the first mail, the strategy-independent part of its error, and the contact's status."""
    entry = await office.entry("u1", "u1c0")
    contact = await office.data.raw.contacts.find_one({"_id": "u1c0"})
    assert contact is not None
    return entry.status, entry.last_error.code if entry.last_error else None, contact["status"]


async def suppressed(office: Office) -> None:
    assert await outcome(office) == (InvitationStatus.FAILED, "5.1.1", "bounced")


async def given_up(office: Office) -> None:
    assert await outcome(office) == (InvitationStatus.FAILED, "5.7.1", "active")
    assert (await office.entry("u1", "u1c0")).retry_at is None
    [gate] = await office.data.raw.errorGates.find().to_list(None)
    assert [one["user"] for one in gate["failing"]] == ["u1"]


async def retried_later(office: Office) -> None:
    entry = await office.entry("u1", "u1c0")
    assert await outcome(office) == (InvitationStatus.SENDING, "4.3.0", "active")
    assert entry.retry_at == SEND_AT + timedelta(minutes=5)


async def slowed_down(office: Office) -> None:
    first, second = await office.entry("u1", "u1c0"), await office.entry("u1", "u1c1")
    assert first.attempts == 1
    assert (second.attempts, second.last_error and second.last_error.code) == (0, "put-off")


async def paused(office: Office) -> None:
    control = await office.data.controls.get(PERIOD)
    assert (control.state, control.by) == (ControlState.PAUSED, "error gate")
    assert [one[0] for one in office.alert_groups.summary()] == ["cycle-stopped"]


async def resolved(office: Office) -> None:
    """Without a log of the relay by policy: an invitation goes out again, with the same Message-ID."""
    entry = await office.entry("u1", "u1c0")
    assert (entry.last_error and entry.last_error.class_, entry.retry_at) == (
        "uncertain",
        SEND_AT + timedelta(minutes=5),
    )


BY_MAIL: dict[Strategy, tuple[Refuse | Drop, Drive]] = {
    Strategy.SUPPRESS_CONTACT: (Refuse(stage=SmtpStage.RCPT, code=550, text="5.1.1 user unknown", times=1), suppressed),
    Strategy.GIVE_UP: (Refuse(stage=SmtpStage.RCPT, code=550, text="5.7.1 refused by policy", times=1), given_up),
    Strategy.RETRY_LATER: (Refuse(stage=SmtpStage.RCPT, code=451, text="4.3.0 try again", times=1), retried_later),
    Strategy.SLOW_DOWN: (Refuse(stage=SmtpStage.RCPT, code=421, text="4.7.28 unusual rate", times=1), slowed_down),
    Strategy.PAUSE_AND_ALERT: (Refuse(stage=SmtpStage.MAIL, code=550, text="5.7.26 unauthenticated", times=1), paused),
    Strategy.RESOLVE: (Drop(stage=SmtpStage.END_OF_DATA, times=1), resolved),
}

ELSEWHERE: dict[Strategy, str] = {
    Strategy.RETRY_AT: "tests.adapters.channels.contract.test_channels.test_429_is_unavailable_and_names_the_wait",
    Strategy.ALERT: "tests.services.alerts.test_report_checks."
    "test_no_data_is_an_alert_of_its_own_and_is_over_with_the_next_good_look",
    Strategy.FALL_BACK: "tests.workflows.test_alert.test_when_a_channel_is_gone_the_next_one_steps_in",
    Strategy.REJECT: "tests.cli.cycle.test_cycle.test_an_unknown_period_or_invitation_is_wrong_usage",
    Strategy.CARRY_ON: "tests.adapters.mongo.test_ledger.test_queuing_twice_inserts_nothing_twice",
}
"""The tests that drive those which are not about mails."""


@pytest.mark.parametrize("strategy", BY_MAIL)
async def test_what_a_reply_asks_for_is_done(
    office: Office, mailbox: Mailbox, mailbox_smtp: tuple[str, int], connect_relay: ConnectRelay, strategy: Strategy
) -> None:
    rule, seen = BY_MAIL[strategy]
    connect_relay(mailbox_smtp[1], connections=1)
    await office.add_user("u1", contacts=2)
    await office.plan()
    await mailbox.add_rule(rule)
    await office.send()
    await seen(office)


@pytest.mark.parametrize("strategy", Strategy)
def test_each_strategy_is_driven(strategy: Strategy) -> None:
    if strategy not in BY_MAIL:
        module, _, name = ELSEWHERE[strategy].rpartition(".")
        assert callable(getattr(import_module(module), name))


def test_each_strategy_is_one_of_some_row() -> None:
    rows: list[Row] = [*smtp.TABLE, *http.TABLE, *mongodb.TABLE, *temporal.TABLE, *(row for _, row in ROWS.values())]
    assert {row.strategy for row in rows} | {Strategy.RETRY_AT} == set(Strategy)
