"""What counts as too late, and what a race must have seen to prove anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relance.devstack.mailbox.models import Accepted
from relance.domain.invitations.events import EventKind
from tests.faults.mail.races import Stop, judged

AT = datetime(2026, 11, 5, 17, tzinfo=UTC)


def mail(name: str, after_s: float, kind: str = "invitation") -> Accepted:
    message_id = f"<2026-11.u.{name}.{kind}@f.example>"
    return Accepted(
        n=1, time=AT + timedelta(seconds=after_s), connection=1, message_id=message_id, sender="b@f.example", to=(name,)
    )


STOPS = [
    Stop("a", "a", EventKind.OPTED_OUT, AT),
    Stop("b", "b", EventKind.OPTED_OUT, AT),
    Stop("c", "c", EventKind.SUBMITTED, AT),
]
SOUND = [mail("b", -1), mail("c", -1), mail("d", 5), mail("d", 9, "first")]


def test_a_mail_that_was_out_before_the_acknowledgement_or_within_a_second_is_right() -> None:
    figures, problems = judged(STOPS, [*SOUND, mail("b", 0.9)], {"c"})
    assert (figures["sent_after_ack_1s"], figures["worst_effective_s"], problems) == (0, 0.9, [])
    assert (figures["opted_out_in_time"], figures["reminders"]) == (1, 1)


def test_a_mail_over_a_second_later_is_wrong_and_five_seconds_are_too_slow() -> None:
    figures, problems = judged(STOPS, [*SOUND, mail("b", 5.5)], set())
    assert (figures["sent_after_ack_1s"], figures["p99_effective_s"]) == (1, 5.5)
    assert len(problems) == 2


def test_whoever_spoke_before_the_reminders_must_get_none() -> None:
    figures, problems = judged(STOPS, [*SOUND, mail("c", -0.5, "first")], {"c"})
    assert (figures["reminded_though_told"], len(problems)) == (1, 1)


def test_a_race_in_which_nobody_was_in_time_proves_nothing() -> None:
    _, problems = judged(STOPS[1:], SOUND, set())
    assert problems == ["nobody raced with a mail: nothing was tested"]
