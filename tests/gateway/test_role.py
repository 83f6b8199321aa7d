"""`worker.py --role gateway`: what it needs, what it does without Temporal, and how it leaves (SPEC G1, X5)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from relance.adapters.event_api import EventApi
from relance.adapters.mongo.connection import Database, connect
from relance.devstack.processes import free_port
from relance.runtime.process_exit import WRONG_USAGE
from relance.settings import Mongo
from relance.settings.gateway import API_KEYS, SIGNING_SECRETS, Gateway
from tests.support.event_api import KEY, SECRET, invited
from tests.support.keys import ENVIRONMENT, PRIVACY
from tests.support.worker_process import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(ROOT / "worker.py"), "--role", "gateway"]


def test_without_a_port_it_does_not_start(tmp_path: Path) -> None:
    ended = subprocess.run(
        COMMAND,
        env={"PATH": "/usr/bin:/bin", **ENVIRONMENT},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == WRONG_USAGE
    assert "RELANCE_GATEWAY__PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
async def test_it_takes_events_without_temporal_and_leaves_when_asked(
    mongo_uri: str, database: str, tmp_path: Path
) -> None:
    port = free_port()
    environment = {
        **ENVIRONMENT,
        "RELANCE_MONGO__URI": mongo_uri,
        "RELANCE_MONGO__DATABASE": database,
        "RELANCE_GATEWAY__PORT": str(port),
        SIGNING_SECRETS: SECRET,
        API_KEYS: KEY,
        # Nobody is there.
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
    }
    opened: Database = connect(Mongo(uri=SecretStr(mongo_uri), database=database, timeout=30), PRIVACY)
    await opened.ensure_indexes()
    [id_] = await invited(opened, ["c1"])
    gateway = WorkerProcess.start([*COMMAND, "--processes", "2"], environment, tmp_path / "gateway.log")
    try:
        await gateway.serving(2)
        settings = Gateway(port=port, signing_secrets=SecretStr(SECRET), api_keys=SecretStr(KEY))
        async with EventApi.of(settings) as api:
            said = await api.send([{"event": "opted_out", "invitationId": id_}])
            assert [one["answer"] for one in said] == ["taken"]
            assert (await api.invitation(id_))["status"] == "cancelled"
        async with httpx.AsyncClient(trust_env=False) as browser:
            assert (await browser.get(f"http://127.0.0.1:{port}/health")).text == "ok"
        assert (await opened.outbox.lag()).waiting == 1
        assert (await gateway.stop())[0] == 0
    finally:
        await gateway.end()
        await opened.client.drop_database(database)
        await opened.close()
