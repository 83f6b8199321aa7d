"""Who counts as bounced for failures that repeat themselves (`reference/mail.md` A.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.domain.failures import Failure, classify_smtp, contact_status_after, is_struck_out
from relance.domain.invitations.invitation import Invitation, InvitationStatus, LastError

AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
FULL = classify_smtp(552, "5.2.2 mailbox full", "rcpt")
DISABLED = classify_smtp(550, "5.2.1 disabled", "rcpt")
FAILED, SENT, SKIPPED = InvitationStatus.FAILED, InvitationStatus.SENT, InvitationStatus.SKIPPED


def invitation(
    period: str, status: InvitationStatus = FAILED, error: str | None = None, at: datetime = AT, class_: str = ""
) -> Invitation:
    known = classify_smtp(int(error[0]) * 100 + 50, error, "rcpt").class_.value if error and "." in error else class_
    return Invitation(
        id=f"{period}.u.c",
        period=period,
        user_id="u",
        contact_id="c",
        status=status,
        sent_at=at if status is SENT else None,
        last_error=LastError(code=error, class_=known, severity="low", at=at) if error else None,
        queued_at=at,
    )


NOW = invitation("2026-11", InvitationStatus.QUEUED)
FULL_IN_SEPTEMBER, FULL_IN_OCTOBER = invitation("2026-09", error="5.2.2"), invitation("2026-10", error="4.2.2")


def test_a_mailbox_that_is_full_in_three_cycles_in_a_row_is_given_up() -> None:
    assert is_struck_out(FULL, NOW, [NOW, FULL_IN_OCTOBER, FULL_IN_SEPTEMBER], AT)
    assert is_struck_out(FULL, NOW, [FULL_IN_SEPTEMBER, FULL_IN_OCTOBER], AT)
    by_words = invitation("2026-10", error="552", class_="soft_recipient")
    assert is_struck_out(classify_smtp(452, "mailbox full", "rcpt"), NOW, [FULL_IN_SEPTEMBER, by_words], AT)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [FULL_IN_OCTOBER],
        [FULL_IN_OCTOBER, invitation("2026-09", SENT)],
        [invitation("2026-10", SENT, error="5.2.2"), FULL_IN_SEPTEMBER, invitation("2026-08", error="5.2.2")],
        [FULL_IN_OCTOBER, invitation("2026-09", error="5.4.4")],
        [FULL_IN_OCTOBER, invitation("2026-09", error="5.2.1")],
        [FULL_IN_OCTOBER, invitation("2026-12", error="5.2.2")],
    ],
)
def test_anything_less_leaves_the_contact(history: list[Invitation]) -> None:
    assert not is_struck_out(FULL, NOW, history, AT)


def test_a_cycle_that_did_not_try_the_mailbox_breaks_no_row() -> None:
    october = invitation("2026-10", SKIPPED)
    assert is_struck_out(FULL, NOW, [october, FULL_IN_SEPTEMBER, invitation("2026-08", error="5.2.2")], AT)


def test_a_reminder_says_nothing_about_a_mailbox_that_took_the_invitation() -> None:
    assert not is_struck_out(FULL, invitation("2026-11", SENT), [FULL_IN_OCTOBER, FULL_IN_SEPTEMBER], AT)


@pytest.mark.parametrize(("days", "expected"), [(1, True), (30, True), (31, True), (33, False), (61, False)])
def test_a_mailbox_that_is_disabled_twice_within_a_month_is_given_up(days: int, expected: bool) -> None:
    earlier = invitation("2026-10", error="5.2.1", at=AT - timedelta(days=days))
    assert is_struck_out(DISABLED, NOW, [earlier], AT) is expected


def test_two_reminders_of_one_invitation_count_as_two() -> None:
    earlier = invitation("2026-11", SENT, error="5.2.1", at=AT - timedelta(days=4))
    assert is_struck_out(DISABLED, earlier, [earlier], AT)


def test_another_trouble_before_is_no_repetition() -> None:
    assert not is_struck_out(DISABLED, NOW, [invitation("2026-10", error="5.2.2"), NOW], AT)


@pytest.mark.parametrize("failure", [classify_smtp(550, "5.7.1 spam", "rcpt"), classify_smtp(550, "no", "rcpt")])
def test_a_fault_of_ours_never_adds_up(failure: Failure) -> None:
    history = [invitation(period, error="5.7.1") for period in ("2026-08", "2026-09", "2026-10")]
    assert not is_struck_out(failure, NOW, history, AT)
    assert contact_status_after(failure, struck_out=True) is None
