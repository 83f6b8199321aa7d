"""Live regions: loaded once per change and rendered once per audience, however many look (SPEC K2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from relance.adapters.mongo.connection import Database
from relance.console.live import feed as feeds
from relance.console.live import stream as streams
from relance.console.live.hub import Hub
from relance.console.live.stream import events
from relance.console.needs import ConsoleNeeds
from relance.console.pages.model import ConsolePage, Params, Region
from relance.console.rendering import CSRF_PLACE, Audience
from relance.domain.console.people import Role, SignedInPerson
from relance.errors import DependencyUnavailable
from relance.ports.console import ConsoleSession, Topic
from relance.settings.console import ConsoleGroup, SignInWay
from tests.console.support import visitor_of
from tests.support.patience import PATIENCE_S

ENGLISH = Audience("en", "Europe/Paris", Role.OPERATOR)
FRENCH = Audience("fr", "Europe/Paris", Role.OPERATOR)


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _Needs:
    clock = _Clock()


NEEDS = cast("ConsoleNeeds", _Needs())


class Watched:
    """A page with one region whose name is the answer, and how often that was loaded."""

    def __init__(
        self, topics: frozenset[Topic] = frozenset({Topic.ALERTS}), answer: str | Exception = "Temporal"
    ) -> None:
        self.answer = answer
        self.loads = 0
        region = Region("one", "unavailable.html", self._load, topics)
        self.page = ConsolePage(name="now", path="/now", template="", regions=(region,))

    async def _load(self, _: ConsoleNeeds, __: Params) -> Mapping[str, Any]:
        self.loads += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"away": self.answer}


def a_session(csrf: str = "of this session") -> ConsoleSession:
    person = SignedInPerson("ann", Role.OPERATOR, "token")
    return ConsoleSession(person, csrf, datetime.now(UTC) + timedelta(hours=1))


async def always() -> bool:
    return True


@pytest.fixture
def hub(db: Database) -> Hub:
    return Hub(NEEDS, db.changes, 10)


def look(
    hub: Hub,
    watched: Watched,
    params: Params | None = None,
    *,
    audience: Audience = ENGLISH,
    csrf: str = "of this session",
    last: str = "",
) -> AsyncGenerator[bytes]:
    """Return what a browser gets that has the page open."""
    session = a_session(csrf)
    return events(hub, watched.page, params or {}, audience=audience, session=session, holds=always, last=last)


async def _until(text: str, stream: Any) -> str:
    async with asyncio.timeout(PATIENCE_S):
        async for event in stream:
            if text in (found := event.decode()):
                return str(found)
    raise AssertionError("the stream has ended")


async def test_a_change_comes_to_everybody_in_their_language_and_is_loaded_once(hub: Hub, db: Database) -> None:
    watched = Watched()
    viewers = [look(hub, watched, audience=audience) for audience in [ENGLISH] * 3 + [FRENCH] * 3]
    first = await asyncio.gather(*(_until("Temporal", viewer) for viewer in viewers))
    assert Counter("does not answer" in event for event in first) == {True: 3, False: 3}
    # Looking begins with the first viewer; whoever comes later finds what is there.
    await asyncio.sleep(2 * feeds.REST_S)
    before, watched.answer = watched.loads, "MongoDB"
    await db.raw.alerts.insert_one({"_id": "x"})
    await asyncio.gather(*(_until("MongoDB", viewer) for viewer in viewers))
    assert watched.loads - before <= 2
    for viewer in viewers:
        await viewer.aclose()
    assert hub.viewers == 0


async def test_a_change_of_something_else_loads_nothing(hub: Hub, db: Database) -> None:
    watched, other = Watched(), Watched(frozenset({Topic.QUARANTINE}))
    viewer = look(hub, watched)
    second = look(hub, other, {"q": "x"})
    await _until("Temporal", viewer)
    await _until("Temporal", second)
    await asyncio.sleep(1.0)
    before, watched.answer = other.loads, "MongoDB"
    await db.raw.alerts.insert_one({"_id": "x"})
    await _until("MongoDB", viewer)
    assert other.loads == before
    await viewer.aclose()
    await second.aclose()


async def test_a_browser_that_comes_back_gets_only_what_it_has_not_seen(hub: Hub, db: Database) -> None:
    watched = Watched()
    viewer = look(hub, watched)
    seen = (await _until("Temporal", viewer)).split("\n")[0].removeprefix("id: ")
    await viewer.aclose()
    again = look(hub, watched, last=seen)
    waiting = asyncio.ensure_future(_until("data:", again))
    await asyncio.sleep(4 * feeds.REST_S)
    assert not waiting.done()
    watched.answer = "MongoDB"
    await db.raw.alerts.insert_one({"_id": "x"})
    assert "MongoDB" in await waiting
    await again.aclose()


async def test_a_server_that_is_away_is_shown_and_comes_back_by_itself(hub: Hub, db: Database) -> None:
    watched = Watched(answer=DependencyUnavailable("Everflow", "gone"))
    viewer = look(hub, watched)
    assert "Everflow does not answer" in await _until("Everflow", viewer)
    watched.answer = "Temporal"
    await db.raw.alerts.insert_one({"_id": "x"})
    await _until("Temporal", viewer)
    await viewer.aclose()


async def test_what_a_server_did_not_say_is_asked_for_again_soon(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "AGAIN_S", 0.1)
    watched = Watched(frozenset(), DependencyUnavailable("Everflow", "gone"))
    viewer = look(hub, watched)
    await _until("Everflow", viewer)
    watched.answer = "Temporal"
    await _until("Temporal", viewer)
    await viewer.aclose()


async def test_what_looks_the_same_wakes_nobody(hub: Hub, db: Database) -> None:
    watched = Watched()
    viewer = look(hub, watched)
    await _until("Temporal", viewer)
    waiting = asyncio.ensure_future(_until("data:", viewer))
    # The stream of changes begins with everything: two loads more are some that a change has brought.
    wanted = watched.loads + 2
    async with asyncio.timeout(PATIENCE_S):
        number = 0
        while watched.loads < wanted:
            number += 1
            await db.raw.alerts.insert_one({"_id": f"x{number}"})
            await asyncio.sleep(feeds.REST_S)
    await asyncio.sleep(feeds.REST_S)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await viewer.aclose()


async def test_streams_end_when_the_process_stops(hub: Hub) -> None:
    watched = Watched()
    viewer = look(hub, watched)
    await _until("Temporal", viewer)
    ending = asyncio.ensure_future(_until("never", viewer))
    await asyncio.sleep(0)
    await hub.close()
    with pytest.raises(AssertionError, match="has ended"):
        await ending
    assert hub.full


async def test_who_signs_out_hears_nothing_more(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)
    async with visitor_of(db, ConsoleGroup(sign_in=SignInWay.TOKEN)) as visitor:
        await visitor.enter()
        form = {"csrf": await visitor.token("/console/unread")}
        # Its answer comes as a whole, once the stream has ended.
        listening = asyncio.ensure_future(visitor.get("/console/live/unread"))
        await asyncio.sleep(0.5)
        assert not listening.done()
        assert (await visitor.post("/console/sign-out", form)).status_code == 200
        async with asyncio.timeout(PATIENCE_S):
            assert "still there" in (await listening).text


async def test_the_token_of_a_form_is_that_of_its_viewer(hub: Hub) -> None:
    watched = Watched(answer=CSRF_PLACE)
    for csrf in ("anns", "bobs"):
        viewer = look(hub, watched, csrf=csrf)
        found = await _until("data:", viewer)
        assert csrf in found
        assert CSRF_PLACE not in found
        await viewer.aclose()


async def test_changes_come_in_gulps_and_after_an_interruption_as_everything(db: Database) -> None:
    watching = db.changes.watch()
    async with asyncio.timeout(PATIENCE_S):
        assert set(await anext(watching)) == set(Topic)
        await db.raw.alerts.insert_many([{"_id": f"x{number}"} for number in range(500)])
        await db.raw.jobRuns.insert_one({"_id": "y", "job": "x", "nominal": datetime.now(UTC)})
        seen: list[Topic] = []
        while Topic.JOBS not in seen:
            seen += await anext(watching)
    # Five hundred changes are one or a few pieces of news.
    assert Counter(seen)[Topic.ALERTS] <= 5
    await watching.aclose()  # type: ignore[attr-defined]
