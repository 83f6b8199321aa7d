"""Everything `all` runs, with what must come of it and at which sizes: small for each push, full before a release."""

from __future__ import annotations

from dataclasses import dataclass

SIMULATION = "simulation"


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario; the sizes are options of its command line. Without small ones its own defaults are small."""

    scenario: str
    expected: str
    small: str
    full: str

    @property
    def module(self) -> str:
        """What is run with `python -m`."""
        return "tests.simulation" if self.scenario == SIMULATION else f"tests.faults {self.scenario}"

    def command(self, *, full: bool) -> str:
        """Return how a person runs it."""
        return f"python -m {self.module} {self.full if full else self.small}".rstrip()


MATRIX: tuple[Row, ...] = (
    Row(
        "worker-kill",
        "nothing lost; at most one duplicate per open connection and kill, with the same Message-ID",
        "--kills 3 --users 60",
        "--kills 100 --users 5000 --contacts 20",
    ),
    Row(
        "worker-freeze",
        "what it held is sent by another one; it sends nothing that is not its own any more",
        "",
        "--kills 20 --users 5000 --contacts 20",
    ),
    Row(
        "worker-term",
        "mails in flight are finished and recorded, nothing is doubled, exit code 0 within 30 s",
        "",
        "--kills 50 --users 5000 --contacts 20",
    ),
    Row(
        "rolling-restart",
        "nothing lost, nothing doubled, and the sending goes on meanwhile",
        "",
        "--kills 20 --users 5000 --contacts 20",
    ),
    Row(
        "supervised-kill",
        "a dead child is replaced and nothing lost",
        "",
        "--kills 50 --users 5000 --contacts 20",
    ),
    Row(
        "temporal-kill",
        "the cycle goes on where it was; nothing lost",
        "",
        "--kills 20 --users 5000 --contacts 20",
    ),
    Row(
        "mongo-kill",
        "no acknowledged write is gone; nothing lost",
        "",
        "--kills 30 --users 5000 --contacts 20",
    ),
    Row(
        "mongo-fail-commands",
        "nothing lost and nothing done twice, whatever the database answers",
        "",
        "--kills 100 --users 5000 --contacts 20",
    ),
    Row(
        "primary-kill",
        "another one takes over; no acknowledged write is rolled back",
        "",
        "--kills 30 --users 5000 --contacts 20",
    ),
    Row(
        "disk-full",
        "the cycle waits, and goes on when there is room again; nothing lost",
        "",
        "--kills 5 --users 1000 --contacts 20",
    ),
    Row(
        "clock-jumps",
        "no mail and no reminder before its time by the server's clock",
        "",
        "--kills 20 --users 1000 --contacts 20",
    ),
    Row(
        "double-trigger",
        "one run for the period, and one record for each nominal time",
        "",
        "--kills 100 --users 1000 --contacts 20",
    ),
    Row(
        "long-pause",
        "a pause costs a follow-up a few events; nobody gets two mails within the least distance; each reminder is "
        "sent or has its reason; a lost resume is made up for by the hourly job",
        "",
        "--users 10 --last 60",
    ),
    Row(
        "week-away",
        "nothing lost; nobody gets two mails within the least distance; each reminder is sent or has its reason",
        "",
        "--users 10 --last 60",
    ),
    Row(
        "missed-runs",
        "one record for each nominal time of each job, and the one that is true of it; what was missed is told",
        "",
        "--outages 20",
    ),
    Row(
        "missed-month",
        "people are told of each month within one health period, and how to mend it; then everything goes out once",
        "",
        "--users 200 --contacts 20",
    ),
    Row(
        "malformed-signals",
        "each is logged, counted once and ignored; every question is answered, valid signals work, the cycle balances",
        "",
        "--kills 20 --users 1000 --contacts 20",
    ),
    Row(
        "smtp-stages",
        "the first eight double nothing; after the final dot every mail is uncertain first, then settled: none lost, "
        "none doubled where the relay's log can be asked",
        "--drops 8 --mails 60",
        "--drops 500 --mails 4000",
    ),
    Row(
        "smtp-delayed",
        "none doubled where the relay's log can be asked; else each mail at most once more, with the same Message-ID",
        "--delays 25 --mails 50",
        "--delays 2000 --mails 4000",
    ),
    Row(
        "smtp-replies",
        "what is refused for now arrives later; what is refused for good has the right class; "
        "no contact is bounced by 5.7.x",
        "--mails 8",
        "--mails 500",
    ),
    Row(
        "relay-down",
        "the breaker keeps the tries few; all mails are out soon after the relay is back",
        "--away 8 --banner 1 --mails 60",
        "--away 600 --banner 30 --mails 2000",
    ),
    Row(
        "optout-race",
        "no mail is accepted more than 1 s after an end was acknowledged; effective in under 5 s (99 of 100)",
        "--users 20 --races 120",
        "--users 1000 --races 5000",
    ),
    Row(
        "poison",
        "exactly the expected headers and one recipient in every mail; the rest is set aside with a reason",
        "--cases 400",
        "--cases 100000",
    ),
    Row(
        "postfix-live",
        "with Postfix as the relay and its log as the look-up: nothing lost, nothing doubled, whatever is killed",
        "--kills 2 --users 24",
        "--kills 50 --users 500 --contacts 20",
    ),
    Row(
        "everflow",
        "no business alert without the truth behind it, and never silence",
        "--runs 1 --lanes 4",
        "--runs 100",
    ),
    Row(
        "alert-storm",
        "at most two messages per group and interval; everybody hears of everything",
        "--firings 1000 --seconds 10 --minutes 10",
        "--firings 5000 --seconds 60 --minutes 60",
    ),
    Row(
        "channel-faults",
        "told once, or once more with the same key where the first was taken and not confirmed; "
        "a channel that is gone is replaced by the next",
        "--alerts 4",
        "--alerts 250",
    ),
    Row(
        "health",
        "each outage is noticed within one period and the looks it takes; people hear of it once, and once that it is "
        "over",
        "",
        "",
    ),
    Row(
        "hands",
        "what somebody terminates, cancels or resets in Temporal Web is healed or told within one reconciliation; "
        "nothing lost, nothing balanced that is not",
        "",
        "--users 60",
    ),
    Row(
        "gateway",
        "no forged token is accepted and no link unsubscribes by being followed; nothing acknowledged is missing or "
        "counted twice, whatever is killed or away",
        "--tokens 1200 --mails 60 --kills 2 --away 3 --outage-events 10 --silent 500",
        "",
    ),
    Row(
        SIMULATION,
        "I1 to I7 after every step, on a virtual clock, under random faults of every port",
        "--seeds 10 --months 1 --processes 2",
        "--seeds 10000 --months 12",
    ),
)
