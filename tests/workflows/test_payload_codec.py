"""What a server stores when payloads are encrypted, how it is read again, and what becomes of wrong keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, Worker

from relance.devstack import temporal_server
from relance.errors import SettingsError
from relance.settings.keyring import Keyring
from relance.temporal.payload_codec import KEY_ID, EncryptingCodec, codec
from relance.temporal.plugin import Sandbox, relance_plugin
from tests.support.histories import encoded, payloads_of
from tests.support.patience import PATIENCE_S
from tests.workflows.conftest import ALL
from tests.workflows.histories import FOLDER
from tests.workflows.malformed import send

SETTING = "RELANCE_PRIVACY__CODEC_KEY"
OLD, NEW = "o" * 32, "n" * 32
CANARY = "canary-6f1d"
"""In front of each planted word; nothing else in the server holds it."""


def ring(*keys: str) -> Keyring:
    return Keyring(SETTING, keys)


@activity.defn
async def sing(word: str) -> str:
    activity.heartbeat(f"{CANARY}-heartbeat")
    await asyncio.sleep(0.1)
    if activity.info().attempt == 1:
        raise ApplicationError(f"{CANARY}-failure of {word}", f"{CANARY}-detail")
    return f"{CANARY}-result"


@workflow.defn
class Canary:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.signal
    def hear(self, word: str) -> None:
        self.heard.append(word)

    @workflow.run
    async def run(self, word: str) -> str:
        workflow.upsert_memo({"later": f"{CANARY}-upserted"})
        workflow.set_current_details(f"{CANARY}-current")
        await workflow.wait_condition(lambda: bool(self.heard), timeout=timedelta(days=1), timeout_summary=CANARY)
        result = await workflow.execute_activity(
            sing,
            word,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10)),
            summary=f"{CANARY}-summary",
        )
        if self.heard[0] == "fail":
            raise ApplicationError(f"{CANARY}-ended", f"{CANARY}-detail")
        return f"{result} {self.heard[0]}"


@dataclass
class Served:
    address: str
    folder: Path

    async def client(self, found: EncryptingCodec | None) -> Client:
        return await Client.connect(self.address, plugins=[relance_plugin(Sandbox.OFF, codec=found)])

    def stored(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("temporal.db*")))


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("codec")
    server = await temporal_server.start(folder)
    yield Served(server.address, folder)
    await server.stop()


def working(client: Client) -> Worker:
    return Worker(client, task_queue="canary", workflows=[Canary], activities=[sing], max_cached_workflows=0)


async def begin(client: Client, name: str) -> Any:
    return await client.start_workflow(
        Canary.run,
        f"{CANARY}-input",
        id=name,
        task_queue="canary",
        memo={"first": f"{CANARY}-memo"},
        static_summary=f"{CANARY}-static",
        static_details=f"{CANARY}-details",
        execution_timeout=timedelta(minutes=5),
    )


async def test_the_servers_files_hold_no_plain_payload(served: Served) -> None:
    client = await served.client(codec(ring(OLD)))
    async with working(client):
        handle = await begin(client, "secret")
        await handle.signal(Canary.hear, f"{CANARY}-signal")
        assert await handle.result() == f"{CANARY}-result {CANARY}-signal"
        described = await handle.describe()
        assert await described.memo() == {"first": f"{CANARY}-memo", "later": f"{CANARY}-upserted"}
        assert await described.static_summary() == f"{CANARY}-static"
        failing = await begin(client, "failing")
        await failing.signal(Canary.hear, "fail")
        with pytest.raises(WorkflowFailureError) as caught:
            await failing.result()
        assert str(caught.value.cause) == f"{CANARY}-ended"
    assert served.stored().count(b"binary/encrypted") > 10
    assert served.stored().count(CANARY.encode()) == 0
    # What this search finds is found: the same without a codec.
    plain = await served.client(None)
    async with working(plain):
        handle = await begin(plain, "plain")
        await handle.signal(Canary.hear, f"{CANARY}-signal")
        await handle.result()
    assert served.stored().count(CANARY.encode()) > 5


async def test_a_run_goes_on_while_keys_come_and_go(served: Served) -> None:
    """Plain at first, then encrypted, then with another key in front: all of it is read."""
    plain, first = await served.client(None), await served.client(codec(ring(OLD)))
    handle = await begin(plain, "rotated")
    async with working(first):
        while (await handle.describe()).history_length < 4:
            await asyncio.sleep(0.05)
        await first.get_workflow_handle("rotated").signal(Canary.hear, f"{CANARY}-under-old")
        while (await handle.describe()).history_length < 8:
            await asyncio.sleep(0.05)
    second = await served.client(codec(ring(NEW, OLD)))
    async with working(second):
        assert await second.get_workflow_handle("rotated").result() == f"{CANARY}-result {CANARY}-under-old"


async def test_a_worker_without_the_key_says_so_and_the_run_waits_for_one_that_has_it(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    right, wrong = await served.client(codec(ring(OLD))), await served.client(codec(ring(NEW)))
    handle = await begin(right, "lacking")
    async with working(wrong), asyncio.timeout(PATIENCE_S):
        while SETTING not in caplog.text:
            await asyncio.sleep(0.05)
    fingerprint = ring(OLD).fingerprints[0]
    assert f"encrypted with the key of fingerprint '{fingerprint}'" in caplog.text
    with pytest.raises(SettingsError, match=fingerprint):
        await (await wrong.get_workflow_handle("lacking").describe()).memo()
    async with working(right):
        await handle.signal(Canary.hear, "there")
        assert await handle.result() == f"{CANARY}-result there"


async def test_a_key_id_is_bound_to_what_it_sealed() -> None:
    both = codec(ring(OLD, NEW))
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"word"')
    [sealed] = await both.encode([plain])
    assert await both.decode([sealed]) == [plain]
    # Opened under another key than the one it was sealed with, or altered, it stays what it is.
    renamed = Payload(metadata={**sealed.metadata, KEY_ID: ring(NEW).fingerprints[0].encode()}, data=sealed.data)
    same_key = replace(both, keys=dict.fromkeys(both.keys, both.keys[ring(OLD).fingerprints[0]]))
    for cipher in (both, same_key):
        assert await cipher.decode([renamed]) == [renamed]
    altered = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    assert await both.decode([altered, Payload(metadata=sealed.metadata)]) == [
        altered,
        Payload(metadata=sealed.metadata),
    ]
    assert (await both.encode([plain]))[0].data != sealed.data


async def test_without_writing_it_only_opens() -> None:
    reading = codec(ring(OLD), writes=False)
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    assert await reading.encode([plain]) == [plain]
    assert await reading.decode(await codec(ring(OLD)).encode([plain])) == [plain]


async def test_an_altered_signal_is_ignored_like_any_that_cannot_be_read(served: Served) -> None:
    found = codec(ring(OLD))
    client = await served.client(found)
    altered = Payload(metadata={"encoding": b"binary/encrypted", KEY_ID: ring(OLD).fingerprints[0].encode()})
    async with working(client):
        handle = await begin(client, "altered")
        await send(await served.client(None), handle.id, "hear", (altered,))
        await handle.signal(Canary.hear, "good")
        assert await handle.result() == f"{CANARY}-result good"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
async def test_recorded_histories_replay_with_a_codec_plain_and_encrypted(path: Path) -> None:
    found = codec(ring(NEW, OLD))
    replayer = Replayer(workflows=ALL, plugins=[relance_plugin(Sandbox.OFF, codec=found)])
    history = WorkflowHistory.from_json(path.stem, path.read_text())
    await replayer.replay_workflow(history)
    sealed = await encoded(history, codec(ring(OLD)))
    assert {KEY_ID in payload.metadata for event in sealed.events for payload in payloads_of(event)} == {True}
    await replayer.replay_workflow(sealed)
