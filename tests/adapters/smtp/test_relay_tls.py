"""What is seen of a real relay's TLS."""

from __future__ import annotations

import socket

import pytest

from relance.adapters.smtp.relay_tls import relay_tls
from relance.settings.mail import MailGroup, TlsMode
from tests.adapters.smtp.conftest import Start
from tests.support.smtp_relay import CERTIFICATE, DROP


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_trusted_certificate_is_seen_with_its_end(
    start: Start, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    relay = await start(**{mode: True})
    seen = await relay_tls(MailGroup(port=relay.port, tls=TlsMode(mode)))
    assert (seen.trouble, seen.fault, seen.offered) == ("", "", True)
    assert seen.version.startswith("TLSv1")
    assert seen.expires is not None
    assert "mail" not in relay.commands


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_a_certificate_nobody_vouches_for_is_a_fault(start: Start, mode: str) -> None:
    relay = await start(**{mode: True})
    seen = await relay_tls(MailGroup(port=relay.port, tls=TlsMode(mode), verify_certificate=False))
    assert (seen.offered, seen.trouble) == (True, "")
    assert "self-signed" in seen.fault


async def test_a_relay_that_offers_no_tls_is_seen_as_such(start: Start) -> None:
    relay = await start()
    seen = await relay_tls(MailGroup(port=relay.port))
    assert (seen.offered, seen.trouble, seen.fault) == (False, "", "")


async def test_what_was_seen_stands_however_the_relay_takes_leave(start: Start) -> None:
    relay = await start()
    relay.faults["quit"].append(DROP)
    seen = await relay_tls(MailGroup(port=relay.port))
    assert (seen.offered, seen.trouble) == (False, "")


async def test_a_relay_that_is_not_there_or_hangs_up_is_a_trouble(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert (await relay_tls(MailGroup(port=taken.getsockname()[1]))).trouble
    relay = await start()
    relay.faults["connect"].append(DROP)
    assert (await relay_tls(MailGroup(port=relay.port))).trouble
