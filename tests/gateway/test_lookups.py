"""`GET /api/v1/tokens/{token}`, `GET /api/v1/invitations/{id}` and `POST /api/v1/preferences-changed` (SPEC G1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from relance import ids
from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.domain.intake import MessageKind
from relance.domain.intake.outcomes import IntakeOutcome
from relance.domain.intake.records import IntakeRecord
from relance.errors import DependencyUnavailable, InvalidInput, NotFound
from tests.support.event_api import KEY, Place, invited, serving_api
from tests.support.keys import PRIVACY, ring
from tests.support.mongo_people import AT

TOKENS = LinkTokens(PRIVACY.link_keys)


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        yield there


async def test_a_token_stands_for_its_invitation_and_says_whether_an_answer_counts(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    token = TOKENS.sign(Purpose.SUBMIT, id_)
    said = await place.api.token(token)
    assert said == {
        "invitationId": id_,
        "period": "2026-11",
        "userId": "u1",
        "contactId": "c1",
        "status": "sent",
        "mayAnswer": True,
    }
    await place.api.send([{"event": "submitted", "token": token}])
    said = await place.api.token(token)
    assert (said["status"], said["mayAnswer"]) == ("submitted", False)


async def test_every_token_without_an_invitation_looks_the_same(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    good = TOKENS.sign(Purpose.SUBMIT, id_)
    wrong = [
        good[:-1],
        good.upper(),
        TOKENS.sign(Purpose.UNSUBSCRIBE, id_),
        LinkTokens(ring("x" * 40)).sign(Purpose.SUBMIT, id_),
        TOKENS.sign(Purpose.SUBMIT, "2026-11.u1.nobody"),
        "x" * 999,
        "x" * 1_001,
        "%00",
        "%ff",
    ]
    asked = {"Authorization": f"Bearer {KEY}"}
    answers = [await place.http.get(f"/api/v1/tokens/{one}", headers=asked) for one in wrong]
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}


async def test_an_invitation_tells_where_it_stands_and_why(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    await place.api.send([{"event": "opted_out", "invitationId": id_}])
    said = await place.api.invitation(id_)
    assert (said["status"], said["reason"], said["contactId"]) == ("cancelled", "opted_out", "c1")
    assert said["sentAt"].startswith("2026-11-05T17:00:00")
    assert said["why"]
    assert "@" not in " ".join(said["why"])


async def test_an_invitation_tells_of_reports_that_changed_nothing(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    reports = [("5.2.2", "soft_recipient", "soft"), ("5.7.1", "sender_fault", "about_us"), ("4.9.9", "new", "soft")]
    for number, (code, class_, outcome) in enumerate(reports):
        record = IntakeRecord(
            digest=code, kind=MessageKind.DELIVERY_REPORT, outcome=IntakeOutcome(outcome), via="lmtp", size=1,
            at=AT + timedelta(hours=number),
            invitation_id=id_, code=code, class_=class_,
        )  # fmt: skip
        await place.db.intake_messages.record(record, timedelta(days=3650))
    why = (await place.api.invitation(id_))["why"]
    assert "says 5.2.2 (the recipient's mailbox cannot take mail for the moment). By itself" in why[-3]
    assert "nothing about the contact" in why[-2]
    assert "says 4.9.9. By itself that changes nothing." in why[-1]


async def test_an_invitation_that_is_not_there_yet_is_explained_too(place: Place) -> None:
    await invited(place.db, ["c1"])
    said = await place.api.invitation("2026-12.u1.c1")
    assert "status" not in said
    assert said["why"]


@pytest.mark.parametrize("id_", ["2026-11.u1.nobody", "x", "2026-13.u1.c1", "2026-11.u1", "%00"])
async def test_an_invitation_of_nobody_is_not_there(place: Place, id_: str) -> None:
    with pytest.raises(InvalidInput, match="404"):
        await place.api.invitation(id_)


async def test_an_entry_that_cannot_be_read_is_not_taken_for_none(place: Place) -> None:
    [id_] = await invited(place.db, ["c1"])
    await place.db.raw.invitations.update_one({"_id": id_}, {"$set": {"queuedAt": "tomorrow"}})
    with pytest.raises(DependencyUnavailable, match="503"):
        await place.api.token(TOKENS.sign(Purpose.SUBMIT, id_))
    with pytest.raises(DependencyUnavailable, match="503"):
        await place.api.invitation(id_)
    with pytest.raises(NotFound, match=f"quarantine show invitations {id_}"):
        await place.needs.explaining.invitation(ids.parse_invitation_id(id_))
    await place.db.raw.contacts.delete_many({})
    click = await place.http.post(f"/u/{TOKENS.sign(Purpose.UNSUBSCRIBE, id_)}")
    assert (click.status_code, click.headers["retry-after"]) == (503, "10")


async def test_changed_preferences_ask_for_a_new_plan_once_per_message(place: Place) -> None:
    await invited(place.db, ["c1"])
    said = await place.api.preferences_changed(["u1", "u2"], "m1")
    assert said == [{"userId": "u1", "answer": "taken"}, {"userId": "u2", "answer": "unknown_user"}]
    assert await place.db.outbox.replan_asked() == 1
    await place.closed()
    assert await place.api.preferences_changed(["u1", "u2"], "m1") == said
    assert await place.db.outbox.replan_asked() == 1
    with pytest.raises(InvalidInput, match="409"):
        await place.api.preferences_changed(["u2"], "m1")
    with pytest.raises(InvalidInput, match="422"):
        await place.api.preferences_changed([])


async def test_the_same_message_about_preferences_at_once_is_answered_each_time(place: Place) -> None:
    await invited(place.db, ["c1"])
    answers = await asyncio.gather(
        *(place.api.preferences_changed(["u1"], "m1") for _ in range(5)), return_exceptions=True
    )
    assert [{"userId": "u1", "answer": "taken"}] in answers
    assert await place.api.preferences_changed(["u1"], "m1") == [{"userId": "u1", "answer": "taken"}]
