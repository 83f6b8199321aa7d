"""`deploy/mongo/init.py` with the secrets of `deploy/secrets.sh`, on a real MongoDB as docker-compose starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

import starter
from relance.devstack import mongod, processes
from relance.settings import Settings, load_settings
from tests.support.deployment import SERVICES, Container, secrets_sh
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "form_a_friend"

pytestmark = pytest.mark.debian


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    assert secrets_sh(folder).returncode == 0
    return folder


@pytest.fixture(scope="module")
def relance(secrets: Path) -> Container:
    return Container("mongo-init", secrets, secrets.parent / "mongo-init")


@pytest.fixture(scope="module")
def tls(relance: Container) -> dict[str, Any]:
    """How the driver is told of the certificates of Relance's container."""
    given = relance.environment
    return {
        "tls": True,
        "tlsCAFile": given["MONGO_TLS_CA_FILE"],
        "tlsCertificateKeyFile": given["MONGO_TLS_CERTIFICATE_KEY_FILE"],
    }


@pytest.fixture(scope="module")
def host(secrets: Path, tls: dict[str, Any]) -> Iterator[str]:
    """A `mongod` with the options of docker-compose.yml, started as the image does it.

    The first time it runs without replica set and key file and takes TLS without demanding it, and root is made.
    """
    container = Container("mongo", secrets, secrets.parent / "mongo")
    key = secrets.parent / "keyfile"
    key.write_bytes((secrets / "mongo_keyfile").read_bytes())
    key.chmod(0o400)
    port = processes.choose_port(None, "MongoDB port")
    data = secrets.parent / "data"
    data.mkdir()
    options = [str(key) if word == "/tmp/keyfile" else word for word in container.command("mongod")]
    options.remove("--bind_ip_all")
    here = ["--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"]
    command = [mongod.find_binary(), *options, *here]
    with _running(_at_first(command), port, {}) as client:
        client.admin.command("createUser", "root", pwd=(secrets / "mongo_root_password").read_text(), roles=["root"])
    with _running(command, port, tls):
        yield f"localhost:{port}"


def _at_first(command: list[str]) -> list[str]:
    first = list(command)
    for option in ("--replSet", "--keyFile"):
        at = first.index(option)
        del first[at : at + 2]
    first[first.index("requireTLS")] = "allowTLS"
    return first


class _running:  # noqa: N801 - reads as a statement
    def __init__(self, command: list[str], port: int, tls: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            f"mongodb://localhost:{port}/?directConnection=true", serverSelectionTimeoutMS=500, **tls
        )

    def __enter__(self) -> MongoClient[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._client.admin.command("ping")
            except PyMongoError:
                assert self._process.poll() is None, "mongod has ended"
                assert time.monotonic() < deadline, "mongod does not answer"
                time.sleep(0.1)
            else:
                return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(PATIENCE_S)


def _init(host: str, secrets: Path, relance: Container) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "mongo" / "init.py"],
        env={**relance.environment, "MONGO_HOST": host, "SECRETS": str(secrets)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S + 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(host: str, secrets: Path, relance: Container) -> tuple[str, str]:
    return _init(host, secrets, relance), _init(host, secrets, relance)


async def test_a_worker_of_the_deployment_may_do_what_it_does_and_no_more(
    monkeypatch: pytest.MonkeyPatch, host: str, secrets: Path, made: tuple[str, str], tmp_path: Path
) -> None:
    assert "is created" in made[0]
    assert "is as it was" in made[1]
    for name, value in Container("worker-mail", secrets, tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    uri = load_settings().mongo.uri.get_secret_value().replace("mongo:27017", host)
    load_settings.cache_clear()
    monkeypatch.setenv("RELANCE_MONGO__URI", uri)
    async with starter.database(Settings()) as database:
        await database.ensure_indexes()
        assert await database.missing_indexes() == []
        await database.raw.users.insert_one({"_id": "u1"})
        assert (await database.client.admin.command("replSetGetStatus"))["ok"]
        with pytest.raises(OperationFailure, match="not authorized"):
            await database.client["elsewhere"]["things"].insert_one({"_id": 1})


def test_whoever_lacks_a_certificate_or_a_password_gets_nothing(
    host: str, tls: dict[str, Any], made: tuple[str, str]
) -> None:
    uri = f"mongodb://{host}/?directConnection=true"
    nobody: MongoClient[dict[str, Any]] = MongoClient(uri, **tls)
    with nobody, pytest.raises(OperationFailure, match="requires authentication"):
        nobody[DATABASE].users.find_one()
    only_authority = {name: value for name, value in tls.items() if name != "tlsCertificateKeyFile"}
    for options in ({}, only_authority):
        stranger: MongoClient[dict[str, Any]] = MongoClient(uri, serverSelectionTimeoutMS=1000, **options)
        with stranger, pytest.raises(PyMongoError, match=r"closed|certificate|reset"):
            stranger.admin.command("ping")


def test_the_image_makes_root_and_its_health_check_uses_tls() -> None:
    service = SERVICES["mongo"]
    assert service["environment"]["MONGO_INITDB_ROOT_USERNAME"] == "root"
    assert any("tls=true" in word for word in service["healthcheck"]["test"])
