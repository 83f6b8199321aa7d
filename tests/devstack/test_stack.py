from __future__ import annotations

import socket
import time
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from temporalio.client import Client

from relance.devstack import mongod, processes, temporal_server
from relance.devstack.everflow.client import EverflowControl
from relance.devstack.mailbox.client import Mailbox
from relance.devstack.stack import Given, Ports, Stack
from relance.errors import DependencyUnavailable, InvalidInput


@pytest.fixture(autouse=True)
def _no_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELANCE_MONGO__URI", raising=False)


async def _count(uri: str, add: int = 0) -> int:
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(uri, serverSelectionTimeoutMS=5000)
    try:
        for _ in range(add):
            await client["kept"]["things"].insert_one({"_id": uuid4().hex})
        return await client["kept"]["things"].count_documents({})
    finally:
        client.close()


async def test_everything_answers_within_fifteen_seconds_and_the_data_is_temporary() -> None:
    begun = time.monotonic()
    async with Stack() as stack:
        assert time.monotonic() - begun < 15
        assert await _count(stack.mongo_uri, add=1) == 1
        client = await Client.connect(stack.temporal_address)
        assert await client.service_client.check_health()
        async with httpx.AsyncClient(trust_env=False) as browser:
            assert (await browser.get(stack.temporal_ui or "")).is_success
        async with Mailbox(stack.mailbox_http) as mailbox:
            assert (await mailbox.stats()).total == 0
        async with EverflowControl(stack.everflow_http) as everflow:
            assert (await everflow.stats()).calls == 0
        with socket.create_connection(stack.mailbox_smtp, timeout=30) as connection:
            assert connection.recv(3) == b"220"
        folder = stack.folder
        children = psutil.Process().children(recursive=True)
        assert folder.exists()
    assert not folder.exists()
    assert not [child for child in children if child.is_running() and str(folder) in " ".join(child.cmdline())]


async def test_given_ports_are_obeyed_and_a_kept_folder_keeps_its_data(tmp_path: Path) -> None:
    chosen = [processes.free_port() for _ in range(6)]
    async with Stack(tmp_path, ports=Ports(*chosen)) as stack:
        assert stack.mongo_uri == f"mongodb://127.0.0.1:{chosen[0]}/?replicaSet=rs0"
        assert stack.temporal_address == f"127.0.0.1:{chosen[1]}"
        assert stack.temporal_ui == f"http://127.0.0.1:{chosen[2]}"
        assert (stack.mailbox_smtp, stack.mailbox_http) == (("127.0.0.1", chosen[3]), f"http://127.0.0.1:{chosen[4]}")
        assert stack.everflow_http == f"http://127.0.0.1:{chosen[5]}"
        await _count(stack.mongo_uri, add=2)
    async with Stack(tmp_path) as stack:
        assert str(chosen[0]) not in stack.mongo_uri
        assert await _count(stack.mongo_uri) == 2


async def test_an_occupied_port_stops_the_whole_start_with_its_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidInput, match=f"mailbox SMTP port: port {port} of 127.0.0.1 is already taken"):
            async with Stack(tmp_path, ports=Ports(smtp=port)):
                raise AssertionError("must not start")
    for child in psutil.Process().children(recursive=True):
        assert str(tmp_path) not in " ".join(child.cmdline())


async def test_given_servers_are_used_and_neither_started_nor_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELANCE_MONGO__URI", "mongodb://someone:secret@db.example:27017/?replicaSet=rs7")
    given = Given(
        temporal_address="temporal.example:7233",
        mailbox_smtp=("relay.example", 25),
        mailbox_http="http://relay.example",
        everflow_http="https://partners.example",
    )
    before = len(psutil.Process().children())
    async with Stack(tmp_path, given=given) as stack:
        assert len(psutil.Process().children()) == before
        assert stack.environment() == {
            "TEMPORAL_ADDRESS": "temporal.example:7233",
            "TEMPORAL_NAMESPACE": "default",
            "RELANCE_MONGO__URI": "mongodb://someone:secret@db.example:27017/?replicaSet=rs7",
            "RELANCE_MAIL__HOST": "relay.example",
            "RELANCE_MAIL__PORT": "25",
            "RELANCE_MAIL__TLS": "none",
            "RELANCE_MAIL__REHEARSAL": "false",
            "RELANCE_PRIVACY__SUPPRESSION_KEY": (tmp_path / "keys" / "RELANCE_PRIVACY__SUPPRESSION_KEY").read_text(),
            "RELANCE_PRIVACY__LINK_KEY": (tmp_path / "keys" / "RELANCE_PRIVACY__LINK_KEY").read_text(),
            "RELANCE_EVERFLOW__BASE_URL": "https://partners.example",
            "RELANCE_EVERFLOW__API_KEY": "stub-network-key",
            "RELANCE_GATEWAY__PORT": str(stack.gateway_port),
            "RELANCE_GATEWAY__PUBLIC_URL": f"http://127.0.0.1:{stack.gateway_port}",
            "RELANCE_GATEWAY__SIGNING_SECRETS": (tmp_path / "keys" / "RELANCE_GATEWAY__SIGNING_SECRETS").read_text(),
            "RELANCE_GATEWAY__API_KEYS": (tmp_path / "keys" / "RELANCE_GATEWAY__API_KEYS").read_text(),
            "RELANCE_INTAKE__PORT": str(stack.intake_port),
            "RELANCE_CONSOLE__SIGN_IN": "token",
        }
        rows = dict(stack.describe())
        assert rows["MongoDB"] == "mongodb://db.example:27017/?replicaSet=rs7"
        assert "secret" not in str(rows)


async def test_temporal_listens_on_the_loopback_only_and_keeps_its_workflows_in_a_file(tmp_path: Path) -> None:
    server = await temporal_server.start(tmp_path)
    process = psutil.Process(server.server.guard_pid).children()[0]
    listening = [one.laddr.ip for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    await server.stop()
    assert set(listening) == {"127.0.0.1"}
    assert (tmp_path / "temporal.db").stat().st_size > 0


def test_a_mongod_on_path_wins_over_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mongod.find_binary().endswith("fiftyone/db/bin/mongod")
    own = tmp_path / "mongod"
    own.write_text("#!/bin/sh\necho error while loading shared libraries: libcurl.so.4 >&2\nexit 127\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert mongod.find_binary() == str(own)


async def test_a_missing_library_is_named_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mongod"
    own.write_text("#!/bin/sh\necho error while loading shared libraries: libcurl.so.4 >&2\nexit 127\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(DependencyUnavailable, match=r"(?s)libcurl\.so\.4.*libcurl 4.*RELANCE_MONGO__URI"):
        await mongod.start(tmp_path / "data")


async def test_no_mongod_anywhere_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mongod, "find_spec", lambda _: None)
    with pytest.raises(DependencyUnavailable, match="no mongod on PATH"):
        await mongod.start(tmp_path)
