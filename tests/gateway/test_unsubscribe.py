"""Unsubscribe links over a real server and a real database (SPEC G2, RFC 8058)."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.gateway.unsubscribe import fields_of
from relance.ids import invitation_id
from relance.settings.gateway import Gateway
from tests.gateway.recipients import (
    ALICE,
    AT,
    BY_OTHER,
    INVITATION,
    LINK,
    PERIOD,
    TOKEN,
    TOKENS,
    browsing,
    contact,
    entry,
    invite,
)
from tests.support.fakes import FixedClock
from tests.support.keys import ring

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
DAY = timedelta(days=1)


@pytest.fixture
async def clock() -> FixedClock:
    return FixedClock(AT + DAY)


@pytest.fixture
async def browser(db: Database, clock: FixedClock) -> AsyncIterator[httpx.AsyncClient]:
    await invite(db)
    async with browsing(db, clock=clock) as client:
        yield client


async def _suppressed(db: Database) -> bool:
    return bool(await db.suppressions.suppressed([ALICE]))


def _page(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def _buttons(answer: httpx.Response) -> list[str]:
    return re.findall(r'name="action" value="([a-z-]+)"', answer.text)


MULTIPART = {"files": {"List-Unsubscribe": (None, "One-Click")}}
WAYS = {
    "form": {"data": ONE_CLICK},
    "multipart": MULTIPART,
    "no body": {},
    "no type": {"content": b"List-Unsubscribe=One-Click"},
    "other case": {
        "content": b"List-Unsubscribe=One-Click",
        "headers": {"Content-Type": "Application/X-WWW-Form-URLencoded; charset=UTF-8"},
    },
    "with more": {"data": {**ONE_CLICK, "x": "y"}},
    "line break": {
        "content": b"List-Unsubscribe=One-Click\r\n",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "plain text": {"content": b"List-Unsubscribe=One-Click\r\n", "headers": {"Content-Type": "text/plain"}},
    "small letters": {"data": {"list-unsubscribe": "one-click"}},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_one_click_stops_everything_at_once(
    db: Database, browser: httpx.AsyncClient, way: dict[str, object]
) -> None:
    answer = await browser.post(LINK, **way)  # type: ignore[arg-type]
    assert (answer.status_code, answer.text) == (200, "You have been unsubscribed.")
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert await _suppressed(db)
    assert (await contact(db))["status"] == "opted_out"
    assert ((await entry(db))["status"], (await entry(db))["reason"]) == ("cancelled", "opted_out")
    again = await browser.post(LINK, **way)  # type: ignore[arg-type]
    assert (again.status_code, again.text) == (200, answer.text)


MANGLED = {
    "slash": TOKEN + "/",
    "angle bracket": TOKEN + "%3E",
    "quoted": TOKEN + '">',
    "bracket and comma": TOKEN + "),",
    "wrapped": f"{TOKEN[:30]}%0D%0A{TOKEN[30:]}",
    "wrapped and indented": f"{TOKEN[:30]}%20%20{TOKEN[30:]}%20",
    "soft line break of quoted-printable": f"{TOKEN[:30]}=%0A{TOKEN[30:]}",
    "hyphen nobody sees": f"{TOKEN[:30]}%C2%AD{TOKEN[30:]}",
    "space of no width": f"{TOKEN}%E2%80%8B",
    "encoded": "".join(f"%{ord(letter):02x}" for letter in TOKEN),
}


@pytest.mark.parametrize("mangled", MANGLED.values(), ids=MANGLED)
async def test_a_link_as_mail_programs_break_it_still_works(
    db: Database, browser: httpx.AsyncClient, mangled: str
) -> None:
    assert _buttons(await browser.get(f"/u/{mangled}")) == ["sender", "everyone"]
    assert (await browser.post(f"/u/{mangled}", data=ONE_CLICK)).status_code == 200
    assert await _suppressed(db)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"List-Unsubscribe=Later", "application/x-www-form-urlencoded"),
        (b"action=delete", "application/x-www-form-urlencoded"),
        (b'{"List-Unsubscribe": "One-Click"}', "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"&".join(b"a=b" for _ in range(100)) + b"&List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=One-Click", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"--x", 'multipart/form-data; boundary="'),
        (b"x", "text/plain"),
    ],
)
async def test_what_is_neither_one_click_nor_a_button_changes_nothing(
    db: Database, browser: httpx.AsyncClient, body: bytes, kind: str
) -> None:
    answer = await browser.post(LINK, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "Nothing was changed" in _page(answer)
    assert not await _suppressed(db)
    assert (await contact(db))["status"] == "active"


async def test_a_large_body_is_refused(db: Database, browser: httpx.AsyncClient) -> None:
    assert (await browser.post(LINK, content=b"x" * 100_000)).status_code == 413
    assert not await _suppressed(db)


async def test_looking_changes_nothing_however_often(db: Database, browser: httpx.AsyncClient) -> None:
    for _ in range(5):
        got, head = await browser.get(LINK), await browser.head(LINK)
        assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
        assert _buttons(got) == ["sender", "everyone"]
    assert not await _suppressed(db)
    assert (await contact(db))["status"] == "active"
    assert (await entry(db))["status"] == "sent"
    assert await db.raw.optOuts.count_documents({}) == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_change_nothing(db: Database, browser: httpx.AsyncClient, method: str) -> None:
    answer = await browser.request(method, LINK, data=ONE_CLICK)
    assert answer.status_code == 405
    assert not await _suppressed(db)


@pytest.mark.parametrize(("locale", "title"), [("fr-CA", "Ne plus recevoir"), ("en", "Stop receiving"), ("de", "Stop")])
async def test_the_page_speaks_the_language_of_the_contact(db: Database, locale: str, title: str) -> None:
    await invite(db, locale=locale)
    async with browsing(db) as browser:
        page = _page(await browser.get(LINK, headers={"Accept-Language": "fr" if title == "Stop" else "de, en;q=0.5"}))
    assert title in page
    assert "Camille Durand" in page
    assert f'<html lang="{"fr" if locale[:2] == "fr" else "en"}"' in page
    assert ALICE not in page


async def test_headers_of_a_page_allow_what_it_needs_and_no_more(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(LINK)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", policy["style-src"])
    assert {answer.headers[one] for one in ("referrer-policy", "x-content-type-options", "cache-control")} == {
        "no-referrer",
        "nosniff",
        "no-store",
    }
    assert "<script" not in answer.text
    assert TOKEN not in answer.text
    assert not re.findall(r"(?:src|href|action)=", answer.text)


async def test_only_this_person_is_stopped_and_stays_stopped(db: Database, browser: httpx.AsyncClient) -> None:
    await invite(db, 2)
    answer = await browser.post(LINK, data={"action": "sender"})
    assert answer.status_code == 200
    assert 'role="status"' in answer.text
    assert _buttons(answer) == ["undo-sender", "everyone"]
    assert not await _suppressed(db)
    assert ((await contact(db))["status"], (await entry(db))["status"]) == ("opted_out", "cancelled")
    assert ((await contact(db, 2))["status"], (await entry(db, 2))["status"]) == ("active", "sent")
    assert _buttons(await browser.get(LINK)) == ["undo-sender", "everyone"]
    assert _buttons(await browser.get(f"/u/{BY_OTHER}")) == ["sender", "everyone"]


async def test_everyone_is_stopped_also_after_one_person(db: Database, browser: httpx.AsyncClient) -> None:
    await invite(db, 2)
    await browser.post(LINK, data={"action": "sender"})
    answer = await browser.post(LINK, data={"action": "everyone"})
    assert _buttons(answer) == ["undo-everyone"]
    assert await _suppressed(db)
    other = await browser.get(f"/u/{BY_OTHER}")
    assert "Toutes les invitations sont arrêtées" in other.text
    # It was not this link that stopped them.
    assert _buttons(other) == []
    back = await browser.post(LINK, data={"action": "undo-everyone"})
    assert _buttons(back) == ["undo-sender", "everyone"]
    assert (await contact(db))["status"] == "opted_out"
    assert not await _suppressed(db)
    assert _buttons(await browser.post(LINK, data={"action": "undo-sender"})) == ["sender", "everyone"]
    assert (await contact(db))["status"] == "active"


@pytest.mark.parametrize("scope", ["sender", "everyone"])
@pytest.mark.parametrize("days", [0, 29.9])
async def test_an_opt_out_is_taken_back_within_thirty_days(
    db: Database, browser: httpx.AsyncClient, clock: FixedClock, scope: str, days: float
) -> None:
    before = await contact(db)
    await browser.post(LINK, data={"action": scope})
    clock.at += days * DAY
    shown = await browser.get(LINK)
    assert "6" in shown.text
    assert "décembre 2026" in shown.text
    answer = await browser.post(LINK, data={"action": f"undo-{scope}"})
    assert "Vous recevrez de nouveau" in answer.text
    after = await contact(db)
    assert (after["status"], after["statusReason"]) == ("active", "opt_out_undone")
    assert {**before, "status": "", "statusReason": "", "statusAt": ""} == {
        **after,
        "status": "",
        "statusReason": "",
        "statusAt": "",
    }
    assert await db.raw.suppressions.count_documents({}) == 0
    # What was cancelled is not sent after all.
    assert (await entry(db))["status"] == "cancelled"
    [record] = await db.raw.optOuts.find({}).to_list(None)
    [action] = record["actions"]
    assert (action["way"], action["undoneBy"], action["undoneAt"]) == ("page", "page", clock.at)
    assert "u1" not in str(record)
    # And once more: nothing is left to be taken back, and it can be stopped again.
    assert _buttons(await browser.post(LINK, data={"action": f"undo-{scope}"})) == ["sender", "everyone"]
    await browser.post(LINK, data={"action": scope})
    assert (await contact(db))["status"] == "opted_out"
    assert _buttons(await browser.get(LINK))[0] == f"undo-{scope}"


async def test_also_one_click_is_taken_back_on_the_page(db: Database, browser: httpx.AsyncClient) -> None:
    await browser.post(LINK, data=ONE_CLICK)
    assert _buttons(await browser.get(LINK)) == ["undo-everyone"]
    await browser.post(LINK, data={"action": "undo-everyone"})
    assert not await _suppressed(db)
    assert (await contact(db))["status"] == "active"


async def test_after_thirty_days_nothing_is_taken_back(
    db: Database, browser: httpx.AsyncClient, clock: FixedClock
) -> None:
    await browser.post(LINK, data={"action": "everyone"})
    clock.at += 30 * DAY + timedelta(seconds=1)
    assert _buttons(await browser.get(LINK)) == []
    answer = await browser.post(LINK, data={"action": "undo-everyone"})
    assert answer.status_code == 200
    assert await _suppressed(db)
    assert (await contact(db))["status"] == "opted_out"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", [EventKind.COMPLAINED, EventKind.BOUNCED, EventKind.OPTED_OUT])
@pytest.mark.parametrize("scope", ["sender", "everyone"])
async def test_what_else_was_said_is_never_taken_back(
    db: Database, clock: FixedClock, scope: str, kind: EventKind, when: str
) -> None:
    await invite(db)

    async def say() -> None:
        clock.at += timedelta(seconds=1)
        event = InvitationEvent(invitation_id=INVITATION, kind=kind, at=clock.at)
        await needs.events.take_all([event])
        clock.at += timedelta(seconds=1)

    from tests.support.gateway_needs import needs_of  # noqa: PLC0415

    needs = needs_of(db, clock=clock)
    async with browsing(db, clock=clock) as browser:
        if when == "before":
            await say()
        await browser.post(LINK, data={"action": scope})
        if when == "after":
            await say()
        await browser.post(LINK, data={"action": f"undo-{scope}"})
    assert await _suppressed(db)
    assert (await contact(db))["status"] != "active"


async def test_a_contact_that_was_stopped_before_is_not_made_active(db: Database, clock: FixedClock) -> None:
    await invite(db, status="bounced")
    async with browsing(db, clock=clock) as browser:
        await browser.post(LINK, data={"action": "everyone"})
        await browser.post(LINK, data={"action": "undo-everyone"})
    assert (await contact(db))["status"] != "active"


async def test_a_contact_whose_status_the_application_has_changed_since_keeps_it(
    db: Database, browser: httpx.AsyncClient
) -> None:
    await browser.post(LINK, data={"action": "everyone"})
    await db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"status": "blocked"}})
    await browser.post(LINK, data={"action": "undo-everyone"})
    assert (await contact(db))["status"] == "blocked"


@pytest.mark.parametrize("scope", ["sender", "everyone"])
async def test_the_mailbox_that_got_the_mail_is_stopped_not_the_one_the_record_names_now(
    db: Database, browser: httpx.AsyncClient, scope: str
) -> None:
    await db.raw.contacts.update_one({"_id": "c1"}, {"$set": {"email": "bob@elsewhere.example"}})
    assert (await browser.post(LINK, data={"action": scope})).status_code == 200
    assert (await contact(db))["status"] == "active"
    assert not await db.suppressions.suppressed(["bob@elsewhere.example"])
    assert await _suppressed(db) is (scope == "everyone")
    await browser.post(LINK, data={"action": f"undo-{scope}"})
    assert await db.raw.suppressions.count_documents({}) == 0


async def test_every_link_that_is_not_good_looks_the_same(db: Database, browser: httpx.AsyncClient) -> None:
    gone = invitation_id(PERIOD, "u9", "c9")
    bad = [
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B"),
        TOKEN.replace("v2", "v3"),
        TOKENS.sign(Purpose.SUBMIT, INVITATION),
        LinkTokens(ring("x" * 40)).sign(Purpose.UNSUBSCRIBE, INVITATION),
        TOKENS.sign(Purpose.UNSUBSCRIBE, gone),
        TOKENS.sign(Purpose.UNSUBSCRIBE, "no invitation"),
        "",
        "x",
        "%00",
        "%ff%fe",
        "..%2f..%2fetc%2fpasswd",
        "%E2%80%AE",
        TOKEN + "%0d%0aSet-Cookie:%20a=b",
        TOKEN + "/x",
        TOKEN + "A%20",
        TOKEN + "&utm=x",
        TOKEN.lower(),
        TOKEN.upper(),
        "v1." + "A" * 3_000 + ".B",
        "a/b/c",
    ]
    answers = [await browser.get(f"/u/{one}") for one in bad]
    answers += [await browser.post(f"/u/{one}", data=ONE_CLICK) for one in bad]
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}
    assert len({str({**one.headers, "date": ""}) for one in answers}) == 1
    assert "This link does not work" in answers[0].text
    french = await browser.get("/u/x", headers={"Accept-Language": "de;q=0.9, fr-FR;q=0.8, en;q=0.2"})
    assert "Ce lien ne fonctionne pas" in french.text
    assert not await _suppressed(db)


async def test_one_token_and_one_client_have_their_limits(db: Database) -> None:
    await invite(db)
    async with browsing(db, settings=Gateway(client_rate=1)) as browser:
        answers = await asyncio.gather(*(browser.get("/u/x") for _ in range(40)))
        refused = [one for one in answers if one.status_code == 429]
    assert 10 <= sum(one.status_code == 404 for one in answers) < 40
    assert {one.headers["retry-after"] for one in refused} == {"1"}
    async with browsing(db) as browser:
        # All at once: a slow machine would answer one after the other as seldom as it may.
        statuses = Counter(one.status_code for one in await asyncio.gather(*(browser.get(LINK) for _ in range(60))))
        assert statuses.keys() == {200, 429}
        assert 30 <= statuses[200] < 60
        # Another one is not concerned.
        assert (await browser.get("/u/x")).status_code == 404


async def test_clients_behind_a_proxy_are_told_apart(db: Database) -> None:
    async with browsing(db, settings=Gateway(client_rate=0.1, trusted_proxies="127.0.0.1")) as browser:
        one, other = ({"X-Forwarded-For": address} for address in ("192.0.2.1", "192.0.2.2"))
        assert [(await browser.get("/u/x", headers=one)).status_code for _ in range(2)] == [404, 429]
        assert (await browser.get("/u/x", headers=other)).status_code == 404


async def test_no_log_holds_a_token(browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await browser.get(LINK)
    await browser.post(LINK, data={"action": "everyone"})
    await browser.get(f"{LINK}x")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert not [line for line in ours if TOKEN in line]


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
            {"a": "b"},
        ),
        ("multipart/form-data; boundary=x", b'--x\nContent-Disposition: form-data; name=a\n\nb\n--x--\n', {"a": "b"}),
        ("multipart/form-data; boundary=\xff", b"--\xff", {}),
        ("multipart/form-data; boundary=x\r\nX: y", b"--x", {}),
        # A parameter of both forms: the parser compares a number with None.
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: (;name*0;name*=\r\n\r\nb\r\n--x--", {}),
        ("application/x-www-form-urlencoded", b"a=b&a=c&d", {"a": "c", "d": ""}),
    ],
)  # fmt: skip
def test_forms_of_either_encoding_are_read(kind: str, body: bytes, found: dict[str, str]) -> None:
    assert fields_of(kind, body) == found
