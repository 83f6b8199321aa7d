"""What is asked by ranges is what one command over the whole period said, on ledgers of chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.connection import Database, repositories
from relance.adapters.mongo.documents import MotorDatabase, Raw, to_raw
from relance.adapters.mongo.errors import translated
from relance.adapters.mongo.health import MongoEffects
from relance.adapters.mongo.ranges import Ranges, ranges
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.domain.cycle.balance import CountedOutcomes
from relance.domain.cycle.control import GIVEN_UP, Control, ControlState
from relance.domain.cycle.planning import PlanStatus
from relance.domain.invitations.invitation import (
    Claim,
    Doubt,
    Invitation,
    InvitationStatus,
    LastError,
    MailKind,
    Reminder,
    ReminderSkip,
    Verdict,
)
from relance.domain.jobs.retention import Sweep
from relance.errors import DependencyUnavailable
from relance.services.cycle_statistics import balance_period
from tests.support.keys import PRIVACY
from tests.support.mongo_people import AT, DUE, PERIOD

OTHER = "2026-12"
DAY = timedelta(days=1)
# Ids whose order by user differs from their order as parts of an id: "-" comes before ".", "_" after it.
USERS = ("u1", "u1-a", "u1_b", "u2", "U2", "u10")


def chance_ledger(dice: random.Random) -> list[Raw]:
    """Return the entries of two periods."""
    keys = [(period, user, f"c{n}") for period in (PERIOD, OTHER) for user in USERS for n in range(dice.randrange(9))]
    return [to_raw(chance_entry(dice, *key)) for key in keys]


def chance_entry(dice: random.Random, period: str, user: str, contact: str) -> Invitation:
    def maybe(value: Any) -> Any:
        return value if dice.random() < 0.5 else None

    error = {"code": "4.2.2", "class": dice.choice(["throttled", "hard_recipient"]), "severity": "low", "at": AT}
    kinds = [kind for kind in (MailKind.FIRST, MailKind.SECOND) if dice.random() < 0.5]
    return Invitation(
        id=f"{period}.{user}.{contact}",
        period=period,
        user_id=user,
        contact_id=contact,
        status=dice.choice(list(InvitationStatus)),
        reason=maybe(dice.choice(["opted_out", "blocked"])),
        claim=Claim(kind=MailKind.FIRST, token="t", at=AT - dice.randrange(3) * DAY) if dice.random() < 0.2 else None,
        retry_at=maybe(AT),
        sent_at=maybe(AT + dice.randrange(3) * DAY),
        due_at=maybe(DUE),
        last_error=maybe(LastError.model_validate(error)),
        reminders=tuple(Reminder(type=one, sent_at=AT, message_id="<m>") for one in kinds),
        reminder_skips=tuple(ReminderSkip(type=one, reason="x", at=AT) for one in MailKind if dice.random() < 0.3),
        doubts=tuple(
            Doubt(kind=dice.choice(list(MailKind)), since=AT, verdict=dice.choice([None, *Verdict]))
            for _ in range(dice.randrange(3))
        ),
        queued_at=AT,
    )


@dataclass(frozen=True)
class Whole:
    """The questions as they were: each one command over the whole period."""

    db: Database

    async def groups(self, key: Any, match: Raw | None = None, name: str = "invitations") -> list[Raw]:
        stages: list[Raw] = [
            {"$match": {"period": PERIOD, **(match or {})}},
            {"$group": {"_id": key, "n": {"$sum": 1}}},
        ]
        return await self.db.raw[name].aggregate(stages).to_list(None)

    async def count(self, query: Raw, name: str = "invitations") -> int:
        return await self.db.raw[name].count_documents({"period": PERIOD, **query})


def as_set(rows: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(sorted((key, str(value)) for key, value in row.items())) for row in rows}


@pytest.fixture(params=[(seed, size) for seed, size in enumerate((1, 2, 3, 7, 10_000))], ids=lambda one: f"by-{one[1]}")
async def asked(request: pytest.FixtureRequest, mongod_db: Database, served: MotorDatabase) -> Database:
    """A ledger of chance, asked by ranges of a size."""
    seed, size = request.param
    dice = random.Random(seed)
    entries = chance_ledger(dice)
    await mongod_db.raw.invitations.insert_many(entries)
    statuses = list(PlanStatus)
    plans = [
        {
            "_id": f"{period}.{user}",
            "period": period,
            "userId": user,
            "instant": AT,
            "status": dice.choice(statuses).value,
        }
        | ({"contacts": dice.randrange(5)} if dice.random() < 0.7 else {})
        for period in (PERIOD, OTHER)
        for user in USERS
    ]
    await mongod_db.raw.plans.insert_many(plans)
    return replace(repositories(mongod_db.client, served, PRIVACY, asks=Ranges(size=size)), raw=mongod_db.raw)


@pytest.fixture
def db(mongod_db: Database) -> Database:
    return mongod_db


async def test_the_ledger_is_summed_up_as_before(asked: Database) -> None:
    whole = Whole(asked)
    fields = {"status": "$status", "reason": "$reason", "class": "$lastError.class", "sent": {"$gt": ["$sentAt", None]}}
    nothing = dict.fromkeys(fields)
    before = [{**nothing, **one["_id"], "count": one["n"]} for one in await whole.groups(fields)]
    assert as_set(await asked.ledger.outcomes(PERIOD)) == as_set(before)
    decided: Counter[tuple[str, str | None]] = Counter()
    for raw in await asked.raw.invitations.find({"period": PERIOD}).to_list(None):
        decided.update((one["type"], None) for one in raw.get("reminders", ()))
        decided.update((one["type"], one["reason"]) for one in raw.get("reminderSkips", ()))
    found = {(row["type"], row["reason"]): row["count"] for row in await asked.ledger.reminder_outcomes(PERIOD)}
    assert found == decided
    [expected] = await asked.raw.plans.aggregate(
        [{"$match": {"period": PERIOD}}, {"$group": {"_id": None, "contacts": {"$sum": "$contacts"}}}]
    ).to_list(None)
    assert await asked.plans.expected(PERIOD) == expected["contacts"]
    raws = await asked.raw.invitations.find({"period": PERIOD}).sort("_id", 1).to_list(None)
    entries = [Invitation.model_validate(raw) for raw in raws]
    doubtful = [one.id for one in entries if any(one.doubt(kind) for kind in MailKind)]
    assert [one.id for one in await asked.ledger.doubtful(PERIOD, "", 100)] == doubtful
    assert [one.id for one in await asked.ledger.doubtful(PERIOD, doubtful[0], 2)] == doubtful[1:3]
    assert await asked.ledger.put_off(PERIOD) == await whole.count({"status": "sending", "retryAt": {"$ne": None}})
    assert [await asked.ledger.is_known(period) for period in (PERIOD, "2027-01")] == [True, False]


async def test_a_count_that_is_taken_up_again_counts_every_entry_once(asked: Database) -> None:
    every = await asked.ledger.outcomes(PERIOD)
    ids = sorted(raw["_id"] for raw in await asked.raw.invitations.find({"period": PERIOD}, {"_id": 1}).to_list(None))
    cut = ids[len(ids) // 2]
    early: Counter[tuple[Any, ...]] = Counter()
    for key in ids[: len(ids) // 2 + 1]:
        one = await asked.ledger.get(key)
        assert one is not None
        early[str(one.status), one.reason, one.last_error and one.last_error.class_, one.sent_at is not None] += 1
    counted = CountedOutcomes.restored(cut, [[*outcome, count] for outcome, count in early.items()])
    assert as_set(await asked.ledger.outcomes(PERIOD, CountedOutcomes.restored(*counted.state()))) == as_set(every)
    assert as_set(await asked.ledger.outcomes(PERIOD, counted)) == as_set(every)
    # All of it is in there: once more adds nothing.
    assert as_set(await asked.ledger.outcomes(PERIOD, counted)) == as_set(every)
    assert (await balance_period(asked.ledger, asked.plans, PERIOD, None, counted)) == (
        await balance_period(asked.ledger, asked.plans, PERIOD)
    )


async def test_who_was_reached_and_what_is_in_flight_are_as_before(asked: Database) -> None:
    whole, kept = Whole(asked), asked.compensations
    raws = await asked.raw.invitations.find({"period": PERIOD}).sort("_id", 1).to_list(None)
    reached = [raw["_id"] for raw in raws if Invitation.model_validate(raw).may_have_arrived]
    assert await kept.reached(PERIOD, "", 1000) == reached
    assert await kept.reached(PERIOD, reached[0], 3) == reached[1:4]
    assert await kept.count_reached(PERIOD) == len(reached)
    assert await kept.in_flight(PERIOD) == await whole.count({"claim": {"$ne": None}})


@pytest.mark.parametrize("state", list(GIVEN_UP))
async def test_what_is_given_up_is_what_was_surveyed_and_each_is_recorded(asked: Database, state: ControlState) -> None:
    whole, kept = Whole(asked), asked.compensations
    before = {
        f"{name}.{group['_id']}": group["n"]
        for name, statuses in GIVEN_UP[state].items()
        for group in await whole.groups("$status", {"status": {"$in": list(statuses)}, "claim": None}, name)
    }
    elsewhere = await asked.raw.invitations.find({"period": OTHER}).to_list(None)
    assert await kept.survey(PERIOD, state) == before
    assert await kept.apply(Control(id=PERIOD, state=state, by="ann", at=AT), AT) == sum(before.values())
    assert await kept.applied(PERIOD, state) == before
    assert await kept.survey(PERIOD, state) == {}
    assert await asked.raw.invitations.find({"period": OTHER}).to_list(None) == elsewhere


async def test_the_archive_finds_what_it_found(asked: Database) -> None:
    whole = Whole(asked)
    archive = MongoArchive(asked.raw, asked.suppressions, asked.asks)
    late = {"status": {"$in": ["sent", "opened"]}, "dueAt.expiry": {"$lt": AT + 40 * DAY}}
    overdue = await asked.raw.invitations.find({"period": PERIOD, **late}).sort("_id", 1).to_list(None)
    found = await archive.overdue(PERIOD, "", 100, AT + 40 * DAY)
    assert [one.id for one in found] == [raw["_id"] for raw in overdue]
    unsettled = await archive.unsettled(PERIOD, timers_after=AT, doubts_since=AT)
    assert unsettled.mails == await whole.count({"status": {"$in": ["queued", "sending"]}})
    timer = {"$or": [{"dueAt.expiry": None}, {"dueAt.expiry": {"$gte": AT}}]}
    assert unsettled.timers == await whole.count({"status": {"$in": ["sent", "opened"]}, **timer})
    doubts = {"doubts": {"$elemMatch": {"verdict": None, "since": {"$gte": AT}}}}
    assert unsettled.doubts == await whole.count(doubts)
    await asked.compensations.apply(Control(id=PERIOD, state=ControlState.CANCELLED, by="ann", at=AT), AT)
    for sweep in Sweep:
        if sweep.stage is None:
            continue
        counted = await archive.count(sweep, before=AT + 40 * DAY, periods=(PERIOD,))
        done = 0
        while count := await archive.sweep(sweep, before=AT + 40 * DAY, periods=(PERIOD,), size=4):
            done += count
        assert (sweep, counted) == (sweep, done)


async def test_mails_by_time_are_found_as_before(asked: Database) -> None:
    whole, effects = Whole(asked), MongoEffects(asked.raw, asked.asks)
    sent = [raw["sentAt"] for raw in await asked.raw.invitations.find({"sentAt": {"$ne": None}}).to_list(None)]
    assert await effects.last_mail([PERIOD, OTHER], AT + 99 * DAY) == max(sent)
    assert await effects.last_mail([PERIOD, OTHER], AT) is not None
    stuck = {"period": {"$in": [PERIOD, OTHER]}, "claim.at": {"$lt": AT}}
    assert await effects.stuck_claims([PERIOD, OTHER], AT) == await asked.raw.invitations.count_documents(stuck)
    between = {"sentAt": {"$gte": AT, "$lt": AT + DAY}}
    assert await MongoReconcileRows(asked.raw, asked.asks).sent_between(PERIOD, AT, AT + DAY) == await whole.count(
        between
    )


async def test_ranges_are_bounded_and_cover_every_document_once(db: Database) -> None:
    keys = [f"{PERIOD}.u.c{number:02}" for number in range(10)]
    strangers = ["2026-10.u.c00", "2026-110.u.c00", "2026-12.u.c00", f"cancelled/invitations/{PERIOD}.u.c00"]
    await db.raw.invitations.insert_many([{"_id": key, "userId": key, "period": "x"} for key in [*keys, *strangers]])
    found = []
    async for ids in Ranges(size=4).over(db.raw.invitations, PERIOD):
        raws = await db.raw.invitations.find({"_id": ids}).sort("_id", 1).to_list(None)
        found.append([raw["_id"] for raw in raws])
    assert found == [keys[:4], keys[4:8], keys[8:]]
    assert await Ranges(size=4).count(db.raw.invitations, PERIOD, {}, most=6) == 6


async def test_a_command_that_is_too_slow_fails_as_such_before_the_socket_does(mongod_db: Database) -> None:
    assert mongod_db.asks.most_ms == ranges(5.0).most_ms == 4000
    await mongod_db.raw.invitations.insert_many([{"_id": f"{PERIOD}.u.{n}", "userId": n} for n in range(20)])
    slow = {"$expr": {"$function": {"body": "function() { sleep(100); return true }", "args": [], "lang": "js"}}}
    with (
        pytest.raises(DependencyUnavailable, match="ExecutionTimeout 50: the server was too slow"),
        translated("count"),
    ):
        await Ranges(most_ms=200).count(mongod_db.raw.invitations, PERIOD, slow)
