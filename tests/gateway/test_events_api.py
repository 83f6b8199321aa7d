"""`POST /api/v1/events`: what is taken, what is answered, and what a message that comes again does (SPEC G1)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts.event_api import EVENTS
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import DependencyUnavailable
from relance.gateway.api.authorisation import MOST_BYTES
from relance.gateway.api.problems import MOST_ERRORS
from relance.gateway.api.reading import MOST_PARTS
from tests.support.event_api import Place, invited, serving_api
from tests.support.keys import PRIVACY, ring

TOKENS = LinkTokens(PRIVACY.link_keys)


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        yield there


def _answers(said: list[dict[str, Any]]) -> list[str]:
    return [one["answer"] for one in said]


@pytest.mark.parametrize(
    ("kind", "status", "contact"),
    [
        ("submitted", "submitted", "active"),
        ("opened", "opened", "active"),
        ("opted_out", "cancelled", "opted_out"),
        ("bounced", "bounced", "bounced"),
        ("complained", "cancelled", "opted_out"),
    ],
)
async def test_an_event_is_in_the_database_when_it_is_answered(
    place: Place, kind: str, status: str, contact: str
) -> None:
    [id_] = await invited(place.db, ["c1"])
    said = await place.api.send([{"event": kind, "invitationId": id_}])
    assert said == [{"answer": "taken", "invitationId": id_}]
    entry = await place.entry("c1")
    assert (entry.status, (await place.contact("c1")).status) == (status, contact)
    suppressed = await place.db.suppressions.suppressed(["c1@people.example"])
    assert bool(suppressed) is (contact != "active")
    assert [one.kind for one in place.notified] == ([] if kind == "opened" else [kind])
    assert (entry.notice is None) is (kind == "opened")
    assert _answers(await place.api.send([{"event": kind, "invitationId": id_}])) == ["known"]


async def test_a_body_may_begin_with_the_mark_of_utf_8(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    body = json.dumps({"event": "submitted", "invitationId": id_}).encode()
    answer = await place.api.post(EVENTS, b"\xef\xbb\xbf" + body)
    assert (answer.status_code, _answers(answer.json()["answers"])) == (200, ["taken"])
    assert (await place.api.post(EVENTS, body.decode().encode("utf-16"))).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"), [("opted_out", "opted_out"), ("bounced", "bounced"), ("complained", "opted_out")]
)
async def test_what_a_former_system_knew_is_taken_before_the_first_cycle(place: Place, kind: str, status: str) -> None:
    for name in ("c1", "c2"):
        person = {"_id": name, "userId": "u1", "email": f"{name}@people.example", "status": "active"}
        await place.db.raw.contacts.insert_one(person)
    said = await place.api.send(
        [
            {"event": kind, "invitationId": "2026-10.u1.c1"},
            {"event": kind, "invitationId": "2026-10.u2.c2"},
            {"event": kind, "invitationId": "2026-10.u1.c3"},
        ]
    )
    assert _answers(said) == ["taken", "unknown_invitation", "unknown_invitation"]
    assert (await place.contact("c1")).status == status
    assert (await place.contact("c2")).status == "active"
    assert await place.db.suppressions.suppressed(["c1@people.example"])


async def test_an_opt_out_ends_the_other_invitations_of_its_contact(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    [before] = await invited(place.db, ["c1"], period="2026-10")
    [queued] = await invited(place.db, ["c1"], InvitationStatus.QUEUED, period="2026-12")
    await place.api.send([{"event": "opted_out", "invitationId": id_}])
    assert (await place.entry("c1", period="2026-10")).status == "cancelled"
    assert (await place.entry("c1", period="2026-12")).status == "skipped"
    assert {one.invitation_id for one in place.notified} == {id_, before, queued}


async def test_each_event_of_many_is_judged_for_itself(place: Place) -> None:
    ids = await invited(place.db, ["c1", "c2", "c3"])
    foreign = LinkTokens(ring("k" * 40)).sign(Purpose.SUBMIT, ids[0])
    said = await place.api.send(
        [
            {"event": "submitted", "invitationId": ids[0]},
            {"event": "submitted", "token": TOKENS.sign(Purpose.SUBMIT, ids[1])},
            {"event": "opted_out", "token": TOKENS.sign(Purpose.UNSUBSCRIBE, ids[2])},
            {"event": "submitted", "token": TOKENS.sign(Purpose.UNSUBSCRIBE, ids[2])},
            {"event": "submitted", "token": foreign},
            {"event": "submitted", "invitationId": "2026-11.u1.nobody"},
            {"event": "vanished", "invitationId": ids[0]},
            {"event": "submitted"},
            {"event": "submitted", "invitationId": ids[0], "token": "x"},
            {"event": "submitted", "invitationId": "c1"},
            {"event": "submitted", "invitationId": ids[0], "occuredAt": "2026-11-06T09:30:00Z"},
            {"event": "submitted", "invitationId": ids[0], "occurredAt": "2026-11-06T09:30:00"},
            {"event": "submitted", "invitationId": ids[0], "occurredAt": "2199-11-06T09:30:00Z"},
            cast("Any", "submitted"),
            cast("Any", None),
        ]
    )
    unknown, invalid = ["unknown_invitation"], ["invalid"]
    assert _answers(said) == ["taken"] * 3 + unknown * 3 + invalid * 9
    assert [[error["pointer"] for error in one["errors"]] for one in said[6:]] == [
        ["/events/6/event"],
        ["/events/7"],
        ["/events/8"],
        ["/events/9/invitationId"],
        ["/events/10/occuredAt"],
        ["/events/11/occurredAt"],
        ["/events/12/occurredAt"],
        ["/events/13"],
        ["/events/14"],
    ]
    assert [(await place.entry(one)).status for one in ("c1", "c2", "c3")] == ["submitted", "submitted", "cancelled"]


async def test_events_of_one_message_count_in_their_order(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    wanted = ["opened", "opened", "submitted", "submitted", "opted_out"]
    said = await place.api.send([{"event": one, "invitationId": id_} for one in wanted])
    assert _answers(said) == ["taken", "known", "taken", "known", "taken"]
    entry = await place.entry("c1")
    assert (entry.status, entry.reason, (await place.contact("c1")).status) == ("submitted", None, "opted_out")
    assert entry.opened_at is not None


async def test_when_it_happened_may_be_said(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    await place.api.send([{"event": "submitted", "invitationId": id_, "occurredAt": at.isoformat()}])
    assert (await place.entry("c1")).submitted_at == at


async def test_a_single_event_needs_no_list(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    answer = await place.api.post(EVENTS, json.dumps({"event": "submitted", "invitationId": id_}).encode())
    assert answer.json() == {"answers": [{"answer": "taken", "invitationId": id_}]}


async def test_a_thousand_events_are_one_message_and_one_more_is_too_many(place: Place) -> None:
    ids = await invited(place.db, [f"c{number:04}" for number in range(1_000)])
    events = [{"event": "submitted", "token": TOKENS.sign(Purpose.SUBMIT, one)} for one in ids]
    assert set(_answers(await place.api.send(events))) == {"taken"}
    body = json.dumps({"events": [*events, events[0]]}).encode()
    assert (await place.api.post(EVENTS, body)).status_code == 422
    assert await place.db.raw.invitations.count_documents({"status": "submitted"}) == 1_000


async def test_a_message_said_again_gets_the_same_answer_and_does_nothing(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    events = [{"event": "opted_out", "invitationId": id_}]
    first = await place.api.send(events, "m1")
    await place.db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"status": "active"}})
    await place.closed()
    assert await place.api.send(events, "m1") == first == [{"answer": "taken", "invitationId": id_}]
    assert (await place.contact("c1")).status == "active"


async def test_the_id_of_a_message_stands_for_one_message(place: Place) -> None:
    ids = await invited(place.db, ["c1", "c2"])
    await place.api.send([{"event": "submitted", "invitationId": ids[0]}], "m1")
    body = json.dumps({"events": [{"event": "submitted", "invitationId": ids[1]}]}).encode()
    answer = await place.api.post(EVENTS, body, "m1")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert (await place.entry("c2")).status == "sent"


async def test_of_two_messages_with_one_id_at_once_one_is_taken(place: Place, db: Database) -> None:
    ids = await invited(db, [f"c{number}" for number in range(20)])
    async with serving_api(db) as other:
        for one, another in zip(ids[::2], ids[1::2], strict=True):
            bodies = [json.dumps({"event": "submitted", "invitationId": id_}).encode() for id_ in (one, another)]
            answers = await asyncio.gather(
                place.api.post(EVENTS, bodies[0], f"m-{one}"), other.api.post(EVENTS, bodies[1], f"m-{one}")
            )
            assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await db.raw.invitations.count_documents({"status": "submitted"}) == 10


async def test_the_same_message_at_once_is_taken_once_and_answered_each_time(place: Place, db: Database) -> None:
    [id_] = await invited(db, ["c1"])
    body = json.dumps({"event": "submitted", "invitationId": id_}).encode()
    async with serving_api(db) as other:
        answers = await asyncio.gather(
            *(where.api.post(EVENTS, body, "m1") for where in (place, other) for _ in range(10))
        )
    assert {(one.status_code, one.text) for one in answers} == {(200, answers[0].text)}
    assert answers[0].json()["answers"][0]["answer"] == "taken"


async def test_a_message_whose_process_died_before_it_was_applied_is_applied_when_it_comes_again(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    events = [{"event": "submitted", "invitationId": id_}]
    await place.api.send(events, "m1")
    await place.closed()
    # As a process leaves it that dies between the message and what it asks for.
    await place.db.raw.inbox.update_many({}, {"$unset": {"done": 1}})
    await place.db.raw.invitations.update_one({"_id": id_}, {"$set": {"status": "sent"}, "$unset": {"submittedAt": 1}})
    assert await place.api.send(events, "m1") == [{"answer": "taken", "invitationId": id_}]
    assert (await place.entry("c1")).status == "submitted"


@pytest.mark.parametrize("kind", ["submitted", "opened"])
async def test_an_event_about_an_entry_that_cannot_be_read_waits_until_it_can(place: Place, kind: str) -> None:
    broken, sound = await invited(place.db, ["c1", "c2"])
    [other] = await invited(place.db, ["c3"])
    before = await place.db.raw.invitations.find_one({"_id": broken})
    await place.db.raw.invitations.update_one({"_id": broken}, {"$set": {"queuedAt": "tomorrow"}})
    events = [{"event": kind, "invitationId": id_} for id_ in (broken, sound)]
    # Whoever speaks at the same time is answered.
    said = asyncio.create_task(place.api.send(events, "m1"))
    assert _answers(await place.api.send([{"event": kind, "invitationId": other}])) == ["taken"]
    with pytest.raises(DependencyUnavailable, match="503"):
        await said
    assert (await place.entry("c2")).status == kind
    assert before is not None
    await place.db.raw.invitations.replace_one({"_id": broken}, before)
    assert _answers(await place.api.send(events, "m1")) == ["taken", "known"]
    assert (await place.entry("c1")).status == kind
    await place.closed()
    # What was acknowledged stays so.
    await place.db.raw.invitations.update_one({"_id": broken}, {"$set": {"queuedAt": "tomorrow"}})
    assert _answers(await place.api.send(events, "m1")) == ["taken", "known"]
    with pytest.raises(DependencyUnavailable):
        await place.api.send(events, "m2")
    # What was not done yet is not acknowledged.
    await place.db.raw.inbox.update_many({}, {"$unset": {"done": 1}})
    with pytest.raises(DependencyUnavailable):
        await place.api.send(events, "m1")


async def test_of_an_event_that_is_wrong_all_over_the_first_places_are_named(place: Place) -> None:
    said = await place.api.send([{f"field{number}": number for number in range(1_000)}])
    assert (_answers(said), len(said[0]["errors"])) == (["invalid"], MOST_ERRORS)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"events": NaN}', 400),
        (b"[]", 422),
        (b"7", 422),
        (b"{}", 422),
        (b'{"events": []}', 422),
        (b'{"events": {}}', 422),
        (b'{"events": [], "x": 1}', 422),
        (b'{"event": "vanished", "invitationId": "2026-11.u1.c1"}', 422),
        (b" " * (MOST_BYTES + 1), 413),
        (b"[" * 5_000, 400),
        (b"[" * 100_000, 422),
        (json.dumps({f"field{number}": 0 for number in range(MOST_PARTS + 1)}).encode(), 422),
    ],
)
async def test_what_is_no_message_is_a_problem(place: Place, body: bytes, status: int) -> None:
    answer = await place.api.post(EVENTS, body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()
    assert await place.db.raw.inbox.count_documents({}) == 0
