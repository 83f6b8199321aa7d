"""`deploy/mongo/init.py` with the secrets of `deploy/secrets.sh`, on a real MongoDB as docker-compose starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

import starter
from relance.devstack import mongod, processes
from relance.settings import Settings
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "form_a_friend"

pytestmark = pytest.mark.debian


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True, timeout=30)
    return folder


@pytest.fixture(scope="module")
def host(secrets: Path) -> Iterator[str]:
    """A `mongod` as the image starts it: root is made first, then its key file has it ask for passwords."""
    port = processes.choose_port(None, "MongoDB port")
    data = secrets.parent / "data"
    data.mkdir()
    common = [mongod.find_binary(), "--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1"]
    with _running(common, port) as client:
        client.admin.command("createUser", "root", pwd=(secrets / "mongo_root_password").read_text(), roles=["root"])
    key = secrets.parent / "keyfile"
    key.write_bytes((secrets / "mongo_keyfile").read_bytes())
    key.chmod(0o400)
    with _running([*common, "--replSet", "rs0", "--keyFile", str(key)], port):
        yield f"127.0.0.1:{port}"


class _running:  # noqa: N801 - reads as a statement
    def __init__(self, command: list[str], port: int) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=500
        )

    def __enter__(self) -> MongoClient[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._client.admin.command("ping")
            except PyMongoError:
                assert time.monotonic() < deadline, "mongod does not answer"
                time.sleep(0.1)
            else:
                return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(PATIENCE_S)


def _init(host: str, secrets: Path) -> str:
    environment = {"MONGO_HOST": host, "MONGO_DATABASE": DATABASE, "SECRETS": str(secrets)}
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "mongo" / "init.py"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S + 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_relance_may_do_what_it_does_and_nobody_else_anything(host: str, secrets: Path) -> None:
    assert "is created" in _init(host, secrets)
    assert "is as it was" in _init(host, secrets)
    uri = (secrets / "RELANCE_MONGO__URI").read_text().replace("mongo:27017", host)
    async with starter.database(Settings.model_validate({"mongo": {"uri": uri, "database": DATABASE}})) as database:
        await database.ensure_indexes()
        assert await database.missing_indexes() == []
        await database.raw.users.insert_one({"_id": "u1"})
        with pytest.raises(OperationFailure, match="not authorized"):
            await database.client["elsewhere"]["things"].insert_one({"_id": 1})
    nobody: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://{host}/?directConnection=true")
    with nobody, pytest.raises(OperationFailure, match="requires authentication"):
        nobody[DATABASE].users.find_one()


def test_docker_compose_starts_mongodb_with_what_was_tried_here() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["mongo"]
    (command,) = service["command"]
    assert "--replSet rs0 --keyFile /tmp/keyfile" in command
    assert service["environment"]["MONGO_INITDB_ROOT_USERNAME"] == "root"
