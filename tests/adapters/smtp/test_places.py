from __future__ import annotations

import asyncio

import pytest

from relance.adapters.smtp.places import Places


async def test_as_many_places_as_the_size_just_now() -> None:
    size = 2
    places = Places(lambda: size)
    await places.acquire()
    assert not places.locked()
    await places.acquire()
    assert places.locked()
    size = 1
    places.release()
    assert places.locked(), "one more is taken than there are"
    places.release()
    assert not places.locked()


async def test_who_waits_gets_the_next_place_and_what_has_grown() -> None:
    size = 1
    places = Places(lambda: size)
    await places.acquire()
    waiting = [asyncio.create_task(places.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    size = 3
    places.release()
    await asyncio.sleep(0)
    assert [one.done() for one in waiting] == [True, True, True]
    assert places.locked()


async def test_who_is_cancelled_while_waiting_takes_no_place() -> None:
    places = Places(lambda: 1)
    await places.acquire()
    first, second = (asyncio.create_task(places.acquire()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    places.release()
    # Cancelled just as its turn has come.
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert not places.locked()
