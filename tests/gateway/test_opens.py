"""Pictures in mails, over a real server and a real database (SPEC G4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import Purpose
from relance.gateway.opens import PICTURE
from relance.services.open_tracking import ConsentWatch
from tests.gateway.recipients import AT, INVITATION, TOKEN, TOKENS, browsing, entry, invite
from tests.support.fakes import FixedClock

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
LINK = f"/o/{TOKENS.sign(Purpose.OPEN, INVITATION)}.gif"
DAY = timedelta(days=1)


async def _fetch(
    db: Database, *agents: str, link: str = LINK, is_on: bool = True, method: str = "GET"
) -> httpx.Response:
    async with browsing(db, clock=FixedClock(AT + DAY), is_tracking=is_on) as browser:
        for agent in agents:
            answer = await browser.request(method, link, headers={"User-Agent": agent})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.headers["cache-control"] == "no-store"
    return answer


async def _recorded(db: Database) -> dict[str, Any] | None:
    return await db.raw.opens.find_one({})


async def test_a_person_who_has_agreed_is_seen_opening(db: Database) -> None:
    await invite(db, trackingConsent=True)
    assert (await _fetch(db, GMAIL, PERSON, PERSON)).content == PICTURE
    found = await entry(db)
    assert (found["status"], found["openedAt"]) == ("opened", AT + DAY)
    recorded = await _recorded(db)
    assert recorded == {
        "_id": INVITATION, "contactId": "c1", "at": AT + DAY, "personAt": AT + DAY, "machineAt": AT + DAY,
    }  # fmt: skip


async def test_a_machine_is_marked_as_one_and_opens_nothing(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await _fetch(db, GMAIL)
    assert (await entry(db))["status"] == "sent"
    assert "personAt" not in (await _recorded(db) or {})


@pytest.mark.parametrize("consent", [False, None, "missing"])
async def test_without_consent_nothing_is_recorded(db: Database, consent: object) -> None:
    await invite(db, trackingConsent=consent)
    if consent == "missing":
        await db.raw.contacts.update_one({"_id": "c1"}, {"$unset": {"trackingConsent": ""}})
    assert (await _fetch(db, PERSON)).content == PICTURE
    assert ((await entry(db))["status"], await _recorded(db)) == ("sent", None)


async def test_switched_off_nothing_is_recorded(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await _fetch(db, PERSON, is_on=False)
    assert ((await entry(db))["status"], await _recorded(db)) == ("sent", None)


async def test_head_opens_nothing(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await _fetch(db, PERSON, method="HEAD")
    assert await _recorded(db) is None


async def test_another_mailbox_has_not_agreed(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"email": "bob@elsewhere.example"}})
    await _fetch(db, PERSON)
    assert await _recorded(db) is None


@pytest.mark.parametrize("token", ["x.gif", "{other}.gif", "{good}x.gif", "", "v1.AAAA.BBBB.gif", "%0a.gif"])
async def test_every_other_address_shows_the_same_picture(db: Database, token: str) -> None:
    await invite(db, trackingConsent=True)
    path = f"/o/{token.format(other=TOKEN, good=LINK[3:-4])}"
    good, bad = await _fetch(db, GMAIL), await _fetch(db, PERSON, link=path)
    assert good.content == bad.content
    assert {**good.headers, "date": ""} == {**bad.headers, "date": ""}
    assert (await entry(db))["status"] == "sent"


@pytest.mark.parametrize("how", ["withdrawn", "deleted"])
async def test_consent_withdrawn_removes_what_was_recorded(db: Database, how: str) -> None:
    await invite(db, trackingConsent=True)
    await invite(db, 2, email="bob@people.example", trackingConsent=True)
    await _fetch(db, PERSON)
    other = f"/o/{TOKENS.sign(Purpose.OPEN, '2026-11.u2.c2')}.gif"
    await _fetch(db, PERSON, link=other)
    watch = ConsentWatch(db.contacts, db.opens)
    assert await watch.forget_withdrawn() == 0
    if how == "withdrawn":
        await db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"trackingConsent": False}})
    else:
        await db.raw.contacts.delete_one({"_id": "c1"})
    assert await watch.forget_withdrawn() == 1
    found = await entry(db)
    assert (found["status"], "openedAt" in found) == ("sent", False)
    assert (await entry(db, 2))["status"] == "opened"
    assert [one["_id"] async for one in db.raw.opens.find({})] == ["2026-11.u2.c2"]


async def test_consent_withdrawn_counts_with_the_next_picture_at_the_latest(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await _fetch(db, PERSON)
    await db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"trackingConsent": False}})
    await _fetch(db, PERSON)
    assert ((await entry(db))["status"], await _recorded(db)) == ("sent", None)


async def test_what_ended_meanwhile_stays_ended(db: Database) -> None:
    await invite(db, trackingConsent=True)
    await _fetch(db, PERSON)
    await db.raw.invitations.update_one({"_id": INVITATION}, {"$set": {"status": "submitted"}})
    await db.opens.forget(["c1"])
    found = await entry(db)
    assert (found["status"], "openedAt" in found) == ("submitted", False)


async def test_a_page_of_contacts_reads_no_more_than_it_returns(db: Database) -> None:
    openings = [{"_id": f"{month}.{number}", "contactId": f"c{number:02}"} for number in range(50) for month in "ab"]
    await db.raw.opens.insert_many(openings)
    await db.raw.command("profile", 2)
    pages, after = [], ""
    while page := await db.opens.contacts(after, 20):
        pages.append(page)
        after = page[-1]
    await db.raw.command("profile", 0)
    assert [contact for page in pages for contact in page] == [f"c{number:02}" for number in range(50)]
    read = [one["keysExamined"] async for one in db.raw["system.profile"].find({"ns": db.raw.opens.full_name})]
    assert len(read) == len(pages) + 1
    assert max(read) <= 21
