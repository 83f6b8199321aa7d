"""MongoDB with TLS, certificates for everybody, and names and passwords: a real one."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from relance.adapters.mongo.connection import connect
from relance.devstack import mongod, processes
from relance.devstack.mongod import find_binary
from relance.errors import DependencyUnavailable
from relance.settings import Mongo
from tests.support.authority import Authority
from tests.support.keys import PRIVACY

READY_S = 60.0
PASSWORD = secrets.token_urlsafe(24)


@dataclass
class Secured:
    uri: str
    authority: Authority
    certificate: Path

    def settings(self, **changes: object) -> Mongo:
        ours: dict[str, object] = {
            "uri": SecretStr(self.uri),
            "database": "secured",
            "timeout": 5.0,
            "username": "relance",
            "password": SecretStr(PASSWORD),
            "tls_ca_file": self.authority.certificate,
            "tls_certificate_key_file": self.certificate,
        }
        return Mongo.model_validate({**ours, **changes})


@pytest.fixture(scope="module")
async def secured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder / "ca")
    key_file = folder / "members"
    key_file.write_text(secrets.token_hex(48))
    os.chmod(key_file, 0o600)
    certificate, port = authority.both("mongo"), processes.free_port()
    (folder / "data").mkdir()
    command = [
        *(find_binary(), "--dbpath", str(folder / "data"), "--port", str(port), "--bind_ip", processes.HOST),
        *("--replSet", "rs0", "--keyFile", str(key_file), "--nounixsocket", "--quiet"),
        *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(certificate)),
        *("--tlsCAFile", str(authority.certificate), "--wiredTigerCacheSizeGB", mongod.CACHE_GB),
    ]
    server = processes.start("MongoDB", command, folder / "mongod.log")
    uri = f"mongodb://{processes.HOST}:{port}"
    try:
        await server.ready(_prepare(uri, port, authority, certificate), READY_S)
        yield Secured(f"{uri}/?replicaSet=rs0", authority, certificate)
    finally:
        await server.stop()


async def _prepare(uri: str, port: int, authority: Authority, certificate: Path) -> None:
    """Make the replica set, and by the exception for the loopback its first user."""
    options: dict[str, Any] = {
        "directConnection": True,
        "tls": True,
        "tlsCAFile": str(authority.certificate),
        "tlsCertificateKeyFile": str(certificate),
    }
    client: AsyncMongoClient[Any]
    async with AsyncMongoClient(uri, **options) as client:
        member = {"_id": 0, "host": f"{processes.HOST}:{port}"}
        await client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        while not (await client.admin.command("hello")).get("isWritablePrimary"):
            pass
        await client.admin.command("createUser", "root", pwd=PASSWORD, roles=["root"])
    async with AsyncMongoClient(uri, username="root", password=PASSWORD, **options) as client:
        roles = [{"role": "readWrite", "db": "secured"}, {"role": "clusterMonitor", "db": "admin"}]
        await client.admin.command("createUser", "relance", pwd=PASSWORD, roles=roles)


async def test_with_a_certificate_and_a_password_the_database_is_used(secured: Secured) -> None:
    database = connect(secured.settings(), PRIVACY)
    try:
        await database.check()
        await database.ensure_indexes()
        assert await database.missing_indexes() == []
    finally:
        await database.close()


async def test_a_connection_string_may_say_all_of_it(secured: Secured) -> None:
    uri = secured.uri.replace("mongodb://", f"mongodb://relance:{PASSWORD}@")
    files = f"tls=true&tlsCAFile={secured.authority.certificate}&tlsCertificateKeyFile={secured.certificate}"
    mongo = Mongo(uri=SecretStr(f"{uri}&authSource=admin&{files}"), database="secured", timeout=5.0)
    assert (mongo.is_encrypted, mongo.is_authenticated) == (True, True)
    database = connect(mongo, PRIVACY)
    try:
        await database.check()
    finally:
        await database.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"password": SecretStr("wrong")},
        {"username": None, "password": None},
        {"tls_ca_file": None, "tls_certificate_key_file": None},
        {"tls_certificate_key_file": None},
    ],
    ids=["wrong password", "no name", "no TLS", "no certificate"],
)
async def test_whoever_lacks_one_of_them_is_refused_and_no_secret_is_shown(
    secured: Secured, changes: dict[str, object]
) -> None:
    database = connect(secured.settings(**changes, timeout=3.0), PRIVACY)
    try:
        with pytest.raises(DependencyUnavailable) as caught:
            # A server that asks for a name tells anybody whether it is the primary.
            await database.keys.read()
    finally:
        await database.close()
    assert PASSWORD not in str(caught.value)


async def test_a_server_that_somebody_else_signed_for_is_not_believed(secured: Secured, tmp_path: Path) -> None:
    strangers = Authority(tmp_path / "strangers")
    database = connect(secured.settings(tls_ca_file=strangers.certificate, timeout=3.0), PRIVACY)
    try:
        with pytest.raises(DependencyUnavailable):
            await database.check()
    finally:
        await database.close()
