"""The connection breaks around a write: the outcome is looked up, never guessed (SPEC X4, I1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from relance.adapters.mongo.connection import Database, connect
from relance.domain.invitations.invitation import InvitationStatus
from relance.errors import DependencyUnavailable
from relance.ports import Claimed
from relance.settings import Mongo
from tests.adapters.mongo.lossy_proxy import LossyProxy, lossy_proxy
from tests.support.keys import PRIVACY
from tests.support.mongo_people import SENT, People, settle


@pytest.fixture
async def proxy(mongo_uri: str) -> AsyncIterator[LossyProxy]:
    async with lossy_proxy(mongo_uri) as opened:
        yield opened


@pytest.fixture
async def far(db: Database, proxy: LossyProxy, indexed_database: str) -> AsyncIterator[Database]:
    """The same database, over the proxy."""
    opened = connect(Mongo(uri=SecretStr(proxy.uri), database=indexed_database, timeout=5), PRIVACY)
    await opened.check()
    yield opened
    await opened.close()


@pytest.mark.parametrize("losses", [1, 2], ids=["driver-like second try", "looked up"])
async def test_a_claim_whose_reply_is_lost_is_still_ours(
    people: People, far: Database, proxy: LossyProxy, losses: int
) -> None:
    requests = await people.invite(8)
    await far.ledger.take_slots({one.invitation_id: one.contact.email for one in requests})
    proxy.replies_to_lose = losses
    answers = await asyncio.gather(*(far.ledger.exchange(None, request) for request in requests))
    assert all(isinstance(answer, Claimed) for answer in answers)
    assert proxy.replies_to_lose == 0
    assert [(await people.stored(request)).attempts for request in requests] == [1] * 8


@pytest.mark.parametrize("losses", [1, 2])
async def test_a_result_whose_reply_is_lost_is_recorded_once(
    people: People, far: Database, proxy: LossyProxy, losses: int
) -> None:
    requests = await people.invite(2)
    await far.ledger.exchange(None, requests[0])
    proxy.replies_to_lose = losses
    assert isinstance(await far.ledger.exchange(settle(requests[0], SENT), requests[1]), Claimed)
    assert (await people.stored(requests[0])).status is InvitationStatus.SENT


async def test_a_claim_that_never_reached_the_server_is_an_error_and_leaves_no_claim(
    people: People, far: Database, proxy: LossyProxy
) -> None:
    [request] = await people.invite()
    proxy.requests_to_lose = 2
    with pytest.raises(DependencyUnavailable, match="MongoDB"):
        await far.ledger.exchange(None, request)
    await far.group_commit.close()
    assert (await people.stored(request)).status is InvitationStatus.QUEUED


async def test_a_result_that_never_reached_the_server_is_an_error_and_its_neighbours_claim_is_given_up(
    people: People, far: Database, proxy: LossyProxy
) -> None:
    requests = await people.invite(2)
    await far.ledger.exchange(None, requests[0])
    proxy.requests_to_lose = 2
    with pytest.raises(DependencyUnavailable):
        await far.ledger.exchange(settle(requests[0], SENT), requests[1])
    await far.group_commit.close()
    assert (await people.stored(requests[1])).claim is None
    await far.ledger.exchange(settle(requests[0], SENT), None)
    assert (await people.stored(requests[0])).status is InvitationStatus.SENT


async def test_an_error_names_neither_address_nor_password(people: People, far: Database, proxy: LossyProxy) -> None:
    [request] = await people.invite()
    proxy.requests_to_lose = 2
    with pytest.raises(DependencyUnavailable) as caught:
        await far.ledger.exchange(None, request)
    assert "people.example" not in str(caught.value)
    assert caught.value.__cause__ is None
