"""The dice of one run: every decision that chance takes comes from one seeded stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from relance.domain.invitations.reminders import ReminderTiming


@dataclass(frozen=True, slots=True)
class Rates:
    """How often what goes wrong: probabilities per call, per attempt of an activity, or per day."""

    database_before: float = 0.0
    database_after: float = 0.0
    database_half: float = 0.0
    slow: float = 0.0
    relay_refuses: float = 0.0
    relay_breaks_before: float = 0.0
    relay_breaks_after: float = 0.0
    follow_ups: float = 0.0
    deaf: float = 0.0
    report_lost: float = 0.0
    kills_per_day: float = 0.0
    kill_at_call: float = 0.0
    drains_per_day: float = 0.0
    outages_per_day: float = 0.0
    people_per_day: float = 0.0
    pauses_per_day: float = 0.0
    hands_per_day: float = 0.0
    long_outages_per_day: float = 0.0
    restores_per_day: float = 0.0
    skew_minutes: float = 0.0


NO_FAULTS = Rates()


def long_time(dice: Random, least: float, most: float) -> float:
    """Return seconds between two bounds, as often in the minutes as in the hours and in the days."""
    return float(least * (most / least) ** dice.random())


def drawn(dice: Random) -> Rates:
    """Return the rates of one run: some kinds of trouble are absent, the others between 1 and 10 %."""

    def rate(most: float = 0.10) -> float:
        return 0.0 if dice.random() < 0.3 else dice.uniform(most / 10, most)

    return Rates(
        database_before=rate(0.05),
        database_after=rate(0.05),
        database_half=rate(),
        slow=rate(0.05),
        relay_refuses=rate(),
        relay_breaks_before=rate(),
        relay_breaks_after=rate(),
        follow_ups=rate(),
        deaf=rate(0.4),
        report_lost=rate(0.05),
        kills_per_day=rate(2.0),
        kill_at_call=rate(0.02),
        drains_per_day=rate(1.0),
        outages_per_day=rate(1.0),
        people_per_day=dice.uniform(0.5, 4.0),
        pauses_per_day=rate(0.2),
        hands_per_day=rate(0.5),
        long_outages_per_day=rate(0.06),
        restores_per_day=rate(0.04) if dice.random() < 0.5 else 0.0,
        skew_minutes=rate(10.0),
    )


def drawn_timing(dice: Random) -> ReminderTiming:
    """Return the settings of one run: a long time in which reminders may be late does not hide other rules."""
    return ReminderTiming(timedelta(days=dice.choice((3, 3, 6, 10))), timedelta(days=dice.choice((1, 1, 2))))
