from __future__ import annotations

import pytest

from relance.errors import DependencyUnavailable, MailRefused
from tests.adapters.smtp.conftest import Connect, Start, a_letter
from tests.support.smtp_relay import CERTIFICATE, DROP, PASSWORD, SILENCE, USER


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_certificate_nobody_vouches_for_is_not_accepted(start: Start, connect: Connect, mode: str) -> None:
    relay = await start(**{mode: True})
    with pytest.raises(DependencyUnavailable, match="certificate is not valid"):
        async with connect(relay, tls=mode).lane():
            pass


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_trusted_certificate_is_accepted(
    start: Start, connect: Connect, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    relay = await start(**{mode: True})
    async with connect(relay, tls=mode).lane() as lane:
        await lane.send(a_letter(1))
        await lane.send(a_letter(2))
    assert len(relay.mails) == 2


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_any_certificate_is_accepted_when_verification_is_off(start: Start, connect: Connect, mode: str) -> None:
    relay = await start(**{mode: True})
    async with connect(relay, tls=mode, verify_certificate=False).lane() as lane:
        await lane.send(a_letter())
    assert len(relay.mails) == 1


async def test_a_relay_without_starttls_is_never_spoken_to_in_the_clear(start: Start, connect: Connect) -> None:
    relay = await start()
    with pytest.raises(DependencyUnavailable, match="STARTTLS"):
        async with connect(relay, tls="starttls").lane():
            pass
    assert "mail" not in relay.commands


@pytest.mark.parametrize("fault", [DROP, SILENCE, "454 4.7.0 not now"])
async def test_a_connection_lost_at_starttls_is_unavailable(start: Start, connect: Connect, fault: str) -> None:
    relay = await start(starttls=True)
    relay.faults["starttls"].append(fault)
    with pytest.raises(DependencyUnavailable):
        async with connect(relay, tls="starttls", connect_timeout=0.5).lane():
            pass


async def test_we_authenticate_before_the_first_mail(start: Start, connect: Connect) -> None:
    relay = await start(auth=True)
    async with connect(relay, username=USER, password=PASSWORD).lane() as lane:
        await lane.send(a_letter())
    assert relay.commands.index("auth") < relay.commands.index("mail")


async def test_wrong_credentials_are_refused_with_the_stage_auth(start: Start, connect: Connect) -> None:
    relay = await start(auth=True)
    with pytest.raises(MailRefused) as refused:
        async with connect(relay, username=USER, password="wrong").lane():
            pass
    assert (refused.value.code, refused.value.stage) == (535, "auth")


@pytest.mark.parametrize("fault", [DROP, SILENCE, "454 4.7.0 not now"])
async def test_a_connection_lost_at_auth_is_unavailable(start: Start, connect: Connect, fault: str) -> None:
    relay = await start(auth=True)
    relay.faults["auth"] += [fault, fault]
    with pytest.raises(DependencyUnavailable):
        async with connect(relay, username=USER, password=PASSWORD, connect_timeout=0.5).lane():
            pass


@pytest.mark.parametrize("stage", ["connect", "ehlo"])
async def test_a_final_refusal_while_connecting_has_the_stage_connect(
    start: Start, connect: Connect, stage: str
) -> None:
    relay = await start()
    relay.faults[stage].append("554 5.7.1 not you")
    with pytest.raises(MailRefused) as refused:
        async with connect(relay).lane():
            pass
    assert (refused.value.code, refused.value.stage) == (554, "connect")


async def test_a_relay_that_is_busy_while_connecting_is_unavailable(start: Start, connect: Connect) -> None:
    relay = await start()
    relay.faults["connect"].append("421 4.3.2 too many connections")
    with pytest.raises(DependencyUnavailable, match="421"):
        async with connect(relay).lane():
            pass
