"""Temporal behind TLS that asks for a client's certificate: the embedded server has none, so a proxy ends it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from relance.devstack.stack import Stack
from relance.doctor.trust import trust_findings
from relance.domain.health.check_finding import FindingState
from relance.errors import DependencyUnavailable
from relance.runtime.process_exit import DONE, UNREACHABLE
from relance.settings import Mongo
from relance.temporal.connection import connect, trust
from tests.support.authority import Authority
from tests.support.terminal import Terminal
from tests.support.tls_proxy import tls_proxy

PEM, KEY, CA = "TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_SERVER_CA_CERT_PATH"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
async def proxied(authority: Authority, temporal_address: str) -> AsyncIterator[str]:
    """The address of a proxy that speaks TLS and lets in who has a certificate of ours."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate))
    context.load_cert_chain(*map(str, authority.sign("temporal.internal")))
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    async with tls_proxy(context, temporal_address) as address:
        yield address


def variables(authority: Authority, address: str, client: Authority | None, name: str | None = None) -> dict[str, str]:
    found = {"TEMPORAL_ADDRESS": address, CA: str(authority.certificate)}
    if client is not None:
        found |= dict(zip((PEM, KEY), map(str, client.sign("relance-worker")), strict=True))
    if name is not None:
        found["TEMPORAL_TLS_SERVER_NAME"] = name
    return found


def given(monkeypatch: pytest.MonkeyPatch, found: dict[str, str]) -> None:
    for name, value in found.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", [None, "temporal.internal"])
async def test_with_a_certificate_of_ours_the_server_answers(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, proxied: str, name: str | None
) -> None:
    given(monkeypatch, variables(authority, proxied, authority, name))
    client = await connect()
    assert await client.service_client.check_health()
    given(monkeypatch, {"TEMPORAL_ADDRESS": "temporal.internal:7233"})
    assert trust() == []


async def test_without_one_or_with_one_of_strangers_it_says_which_settings_to_look_at(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, proxied: str, tmp_path: Path
) -> None:
    strangers = Authority(tmp_path / "strangers")
    for found in (
        variables(authority, proxied, None),
        variables(authority, proxied, strangers),
        variables(strangers, proxied, authority),
        variables(authority, proxied, authority, "another.internal"),
    ):
        with monkeypatch.context() as patch:
            given(patch, found)
            with pytest.raises(DependencyUnavailable, match="certificate") as caught:
                await connect()
            assert CA in str(caught.value)


async def test_a_profile_file_holds_the_same(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, proxied: str, tmp_path: Path
) -> None:
    certificate, key = authority.sign("profiled")
    profile = tmp_path / "temporal.toml"
    profile.write_text(
        f"""
        [profile.production]
        address = "{proxied}"
        [profile.production.tls]
        server_ca_cert_path = "{authority.certificate}"
        client_cert_path = "{certificate}"
        client_key_path = "{key}"
        """
    )
    given(monkeypatch, {"TEMPORAL_CONFIG_FILE": str(profile), "TEMPORAL_PROFILE": "production"})
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    assert await (await connect()).service_client.check_health()


async def test_the_command_line_reaches_it_too(stack: Stack, authority: Authority, proxied: str) -> None:
    for client, code in ((authority, DONE), (None, UNREACHABLE)):
        ours = Terminal({**stack.environment(), **variables(authority, proxied, client)})
        ended = await asyncio.to_thread(ours.run, "schedules", "list", "--json")
        assert ended.code == code, ended.err


def test_the_doctor_says_wrong_for_servers_elsewhere_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    mongo = Mongo(uri=SecretStr("mongodb://db.internal/?replicaSet=rs0"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.internal:7233")
    found = trust_findings(mongo)
    assert [(one.what, one.state) for one in found] == [
        *[("RELANCE_MONGO__URI", FindingState.WRONG)] * 2,
        *[("TEMPORAL_ADDRESS", FindingState.WRONG)] * 2,
    ]
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:7233")
    assert [one.state for one in trust_findings(Mongo())] == [FindingState.FINE]
    monkeypatch.setenv("TEMPORAL_ADDRESS", "ns.acct.tmprl.cloud:7233")
    monkeypatch.setenv("TEMPORAL_API_KEY", "key")
    assert [one.state for one in trust_findings(Mongo())] == [FindingState.FINE]
