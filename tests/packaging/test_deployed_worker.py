"""A worker of docker-compose.yml, as its container sees the world: its settings, and its way to Temporal."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from relance.devstack.temporal_server import find_binary
from relance.doctor.trust import trust_findings
from relance.domain.health.check_finding import FindingState
from relance.errors import DependencyUnavailable
from relance.settings import load_settings
from relance.temporal.connection import connect
from tests.support.deployment import Container, secrets_sh
from tests.support.patience import PATIENCE_S
from tests.support.tls_proxy import tls_proxy

pytestmark = pytest.mark.debian

WORKERS = ("worker-invitations", "worker-mail", "worker-ops", "gateway", "bootstrap", "starter")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    assert secrets_sh(folder).returncode == 0
    return folder


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def given(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name in [found for found in os.environ if found.upper().startswith(("RELANCE_", "TEMPORAL_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("service", WORKERS)
def test_its_settings_are_found_and_nothing_of_it_trusts_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secrets: Path, service: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given(monkeypatch, Container(service, secrets, tmp_path).environment)
    mongo = load_settings().mongo
    assert mongo.hosts == ("mongo",)
    assert [found.state for found in trust_findings(mongo)] == [FindingState.FINE]


@pytest.fixture(scope="module")
async def frontend(
    tmp_path_factory: pytest.TempPathFactory, secrets: Path, temporal_address: str
) -> AsyncIterator[str]:
    """Temporal with the certificate and the demands of its container; a proxy has them for the embedded server."""
    server = Container("temporal", secrets, tmp_path_factory.mktemp("temporal")).environment
    assert server["TEMPORAL_TLS_REQUIRE_CLIENT_AUTH"] == "true"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=server["TEMPORAL_TLS_CLIENT1_CA_CERT"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server["TEMPORAL_TLS_FRONTEND_CERT"], server["TEMPORAL_TLS_FRONTEND_KEY"])
    context.set_alpn_protocols(["h2"])
    async with tls_proxy(context, temporal_address) as address:
        yield address


async def test_its_certificate_opens_temporal_under_the_name_of_the_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secrets: Path, frontend: str
) -> None:
    ours = Container("worker-mail", secrets, tmp_path).environment
    here = {"TEMPORAL_ADDRESS": frontend}
    name = ours["TEMPORAL_ADDRESS"].partition(":")[0]
    given(monkeypatch, {**ours, **here, "TEMPORAL_TLS_SERVER_NAME": name})
    assert await (await connect()).service_client.check_health()
    for changes in ({}, {"TEMPORAL_TLS_SERVER_NAME": "mongo"}):
        given(monkeypatch, {**ours, **here, **changes})
        with pytest.raises(DependencyUnavailable, match="certificate"):
            await connect()


async def test_the_command_that_makes_the_namespace_gets_in_with_its_own(
    tmp_path: Path, secrets: Path, frontend: str
) -> None:
    ours = Container("temporal-namespace", secrets, tmp_path).environment
    here = {"TEMPORAL_ADDRESS": frontend, "TEMPORAL_TLS_SERVER_NAME": "temporal", "HOME": str(tmp_path)}
    nobody = {"TEMPORAL_TLS_CLIENT_CERT_PATH": "", "TEMPORAL_TLS_CLIENT_KEY_PATH": ""}
    for environment, code in (({**ours, **here}, 0), ({**ours, **here, **nobody}, 1)):
        done = await asyncio.to_thread(
            subprocess.run,
            [find_binary(), "operator", "cluster", "health", "--command-timeout", "20s"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == code, done.stderr
