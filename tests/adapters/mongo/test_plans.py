from __future__ import annotations

from datetime import datetime, timedelta

from relance.adapters.mongo.connection import Database
from relance.contracts.cycle import Boundary
from relance.domain.cycle.planning import UNREADABLE, Plan, PlanStatus
from relance.ids import plan_id
from tests.adapters.mongo.commands import Commands
from tests.support.mongo_people import AT, PERIOD

PLANNED_AT = AT - timedelta(days=10)


def _plan(user_id: str, instant: datetime = AT, period: str = PERIOD, status: PlanStatus = PlanStatus.PLANNED) -> Plan:
    return Plan(
        id=plan_id(period, user_id),
        period=period,
        user_id=user_id,
        instant=instant,
        local="2026-11-05T18:00:00",
        zone="Europe/Paris",
        notes=("zone_unknown",),
        status=status,
        updated_at=PLANNED_AT,
    )


async def test_planning_again_writes_only_what_changed(commands: Commands, db: Database) -> None:
    assert await db.plans.write([_plan("a"), _plan("b")]) == (2, 0)
    commands.sent.clear()
    assert await db.plans.write([_plan("a"), _plan("b")]) == (0, 0)
    assert commands.named("update") == []
    moved = _plan("b", AT + timedelta(hours=1))
    assert await db.plans.write([_plan("a"), moved, _plan("c")]) == (1, 1)
    assert (await db.plans.of_user("b"))[0].instant == moved.instant


async def test_users_of_open_plans_without_a_note_are_listed_by_pages_and_their_contacts_counted(db: Database) -> None:
    await db.plans.write([_plan(one) for one in "abcde"])
    await db.plans.write([_plan("f", status=PlanStatus.DONE), _plan("a", period="2026-12")])
    await db.plans.expect(PERIOD, {"b": 0, "c": 7})
    assert [page async for page in db.plans.unnoted(PERIOD, size=2)] == [["a", "d"], ["e"]]
    await db.raw.contacts.insert_many([{"_id": f"c{n}", "userId": "ad"[n % 2]} for n in range(5)])
    await db.raw.contacts.insert_one({"_id": "other", "userId": "b"})
    assert await db.contacts.count_of_users(["a", "d", "nobody"]) == 5


async def test_a_plan_being_sent_no_longer_follows_preferences(db: Database) -> None:
    await db.plans.write([_plan("a")])
    [plan] = await db.plans.begin(PERIOD, AT, Boundary(after=None, last="z", users=1), AT)
    assert plan.status is PlanStatus.SENDING
    assert await db.plans.write([_plan("a", AT + timedelta(hours=1))]) == (0, 0)
    assert (await db.plans.of_user("a"))[0].instant == AT


async def test_a_change_that_would_put_the_send_into_the_past_waits_for_the_next_period(db: Database) -> None:
    await db.plans.write([_plan("a")])
    assert await db.plans.write([_plan("a", PLANNED_AT - timedelta(hours=1))]) == (0, 0)


async def test_the_next_wave_is_the_earliest_with_open_plans(db: Database) -> None:
    later = AT + timedelta(hours=1)
    await db.plans.write([_plan("a"), _plan("b"), _plan("c", later), _plan("d", AT, period="2026-12")])
    assert await db.plans.next_instant(PERIOD) == (AT, 2)
    assert await db.plans.next_instant(PERIOD, excluding=[AT]) == (later, 1)
    await db.plans.begin(PERIOD, AT, Boundary(after=None, last="b", users=2), AT)
    assert await db.plans.next_instant(PERIOD) == (AT, 2), "a wave that died half way is found again"
    await db.plans.finish(PERIOD, ["a", "b", "c"], PlanStatus.DONE, AT)
    assert await db.plans.next_instant(PERIOD) == (later, 1), "finish ends only what is being sent"
    assert await db.plans.open_count(PERIOD) == 1
    assert await db.plans.next_instant("2027-01") is None


async def test_boundaries_cut_a_wave_into_batches_without_gap_or_overlap(db: Database) -> None:
    users = [f"u{i:02}" for i in range(7)]
    await db.plans.write([_plan(user) for user in users])
    first = await db.plans.boundaries(PERIOD, AT, None, 2, 3)
    assert first == [
        Boundary(after=None, last="u01", users=2),
        Boundary(after="u01", last="u03", users=2),
        Boundary(after="u03", last="u05", users=2),
    ]
    rest = await db.plans.boundaries(PERIOD, AT, "u05", 2, 3)
    assert rest == [Boundary(after="u05", last="u06", users=1)]
    begun = [plan.user_id for one in first + rest for plan in await db.plans.begin(PERIOD, AT, one, AT)]
    assert begun == users
    assert await db.plans.boundaries(PERIOD, AT, "u06", 2, 3) == []


async def test_beginning_a_batch_again_returns_the_same_plans(db: Database) -> None:
    await db.plans.write([_plan("a"), _plan("b")])
    boundary = Boundary(after=None, last="b", users=2)
    once = await db.plans.begin(PERIOD, AT, boundary, AT)
    await db.plans.finish(PERIOD, ["a"], PlanStatus.SKIPPED, AT, "no_contacts")
    assert [plan.user_id for plan in once] == ["a", "b"]
    assert [plan.user_id for plan in await db.plans.begin(PERIOD, AT, boundary, AT)] == ["b"]
    [skipped] = await db.plans.of_user("a")
    assert (skipped.status, skipped.reason) == (PlanStatus.SKIPPED, "no_contacts")


async def test_an_invalid_plan_does_not_stop_its_batch(db: Database) -> None:
    await db.plans.write([_plan("a"), _plan("b")])
    await db.raw.plans.update_one({"userId": "a"}, {"$unset": {"zone": ""}})
    plans = await db.plans.begin(PERIOD, AT, Boundary(after=None, last="b", users=2), AT)
    assert [plan.user_id for plan in plans] == ["b"]
    assert await db.quarantine.count() == 1


async def test_expected_contacts_are_summed_over_the_period(db: Database) -> None:
    await db.plans.write([_plan("a"), _plan("b")])
    assert await db.plans.expected(PERIOD) == 0
    await db.plans.expect(PERIOD, {"a": 3, "b": 4})
    await db.plans.expect(PERIOD, {"a": 3})
    assert await db.plans.expected(PERIOD) == 7


async def test_a_users_plans_come_newest_first(db: Database) -> None:
    await db.plans.write([_plan("a", period="2026-10"), _plan("a"), _plan("ab")])
    assert [plan.period for plan in await db.plans.of_user("a")] == [PERIOD, "2026-10"]


async def test_what_waits_for_its_time_is_made_due_and_stays_so(db: Database) -> None:
    now = AT - timedelta(days=1)
    left_out = _plan("c", PLANNED_AT, status=PlanStatus.SKIPPED).model_copy(update={"reason": "before_start"})
    ended = _plan("d", status=PlanStatus.SKIPPED).model_copy(update={"reason": UNREADABLE})
    await db.plans.write([_plan("a"), _plan("b", now), left_out, ended, _plan("e", period="2026-12")])
    await db.plans.write([_plan("f", status=PlanStatus.DONE), _plan("g", status=PlanStatus.CANCELLED)])
    assert await db.plans.not_due(PERIOD, now) == 1
    assert await db.plans.send_now(PERIOD, now) == 1
    assert (await db.plans.not_due(PERIOD, now), await db.plans.open_count(PERIOD)) == (0, 2)
    # A planning pass does not put them back to their own times.
    await db.plans.write([_plan("a"), left_out])
    assert await db.plans.next_instant(PERIOD) == (now, 2)
    found = await db.plans.of_users(PERIOD, ["a", "c", "d", "nobody"])
    assert {user: (plan.status, plan.reason) for user, plan in found.items()} == {
        "a": (PlanStatus.SENDING, None),
        # Its contacts have their entries, with the reason.
        "c": (PlanStatus.SKIPPED, "before_start"),
        "d": (PlanStatus.SKIPPED, UNREADABLE),
    }
    assert await db.plans.periods() == ["2026-12", PERIOD]
