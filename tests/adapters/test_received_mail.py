"""Mails signed by dkimpy, changed on the way or not, against keys that a DNS server of our own publishes."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import dkim
import pytest

from relance.adapters.dns.lookups import ResolverLookups, resolver_of
from relance.adapters.received_mail import read_trial_mail
from relance.domain.mail_setup.trial_mail import MailSignature
from relance.errors import InvalidInput
from tests.support.dns_server import DnsServer, dns_server

MAIL = (
    b"From: =?utf-8?q?Form-a-Friend?= <bonjour@a.example>\r\nTo: <c1@mail.example>\r\nSubject: Hello\r\n"
    b"Date: Sat, 28 Nov 2026 10:00:00 +0000\r\nMessage-ID: <x@a.example>\r\n"
    b"List-Unsubscribe: <https://a.example/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"\r\nHello.\r\n"
)
HEADERS = [b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    return new_key(tmp_path_factory.mktemp("dkim"))


def new_key(folder: Path) -> tuple[bytes, str]:
    """Return a private key, and its public one as a record holds it."""
    file = folder / "key.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(file), "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(file), "-pubout", "-outform", "DER"], check=True, capture_output=True
    )
    return file.read_bytes(), base64.b64encode(public.stdout).decode()


@pytest.fixture
async def server(key: tuple[bytes, str]) -> AsyncIterator[DnsServer]:
    public = key[1]
    async with dns_server(f's1._domainkey.a.example TXT "v=DKIM1; p={public[:200]}" "{public[200:]}"') as running:
        yield running


def signed(key: tuple[bytes, str], headers: list[bytes] = HEADERS, *, length: bool = False) -> bytes:
    line = dkim.sign(
        MAIL, b"s1", b"a.example", key[0], include_headers=headers, length=length, canonicalize=(b"relaxed", b"relaxed")
    )
    return bytes(line) + MAIL


async def signatures(server: DnsServer, raw: bytes) -> list[MailSignature]:
    return list((await read_trial_mail(raw, ResolverLookups(resolver_of([server.address])))).signatures)


async def test_a_signed_mail_is_valid_with_whatever_line_ends_it_was_saved(
    server: DnsServer, key: tuple[bytes, str]
) -> None:
    for raw in (signed(key), signed(key).replace(b"\r\n", b"\n")):
        read = await read_trial_mail(raw, ResolverLookups(resolver_of([server.address])))
        (one,) = read.signatures
        assert (one.domain, one.selector, one.valid, one.reason) == ("a.example", "s1", True, "")
        assert "list-unsubscribe-post" in one.signed
        assert (read.author, read.headers["list-unsubscribe"]) == ("a.example", "<https://a.example/u/x>")


async def test_a_mail_that_was_changed_is_not_valid(server: DnsServer, key: tuple[bytes, str]) -> None:
    (body,) = await signatures(server, signed(key).replace(b"Hello.", b"Hello!"))
    assert (body.valid, "body" in body.reason) == (False, True)
    (header,) = await signatures(server, signed(key).replace(b"Subject: Hello", b"Subject: Hallo"))
    assert not header.valid
    assert header.reason


async def test_what_the_signature_leaves_out_is_seen(server: DnsServer, key: tuple[bytes, str]) -> None:
    (one,) = await signatures(server, signed(key, HEADERS[:5], length=True))
    assert (one.valid, one.part_of_body) == (True, True)
    assert "list-unsubscribe" not in one.signed


async def test_without_a_key_and_with_a_broken_header_it_is_not_valid(
    server: DnsServer, key: tuple[bytes, str]
) -> None:
    server.load("x.example TXT hello")
    assert [one.valid for one in await signatures(server, signed(key))] == [False]
    for header in (b"DKIM-Signature: \r\n", b"DKIM-Signature: v=1; d=\xff; s=..\r\n", b"DKIM-Signature: v=1; l=x\r\n"):
        (one,) = await signatures(server, header + MAIL)
        assert (one.valid, bool(one.reason)) == (False, True)


async def test_what_is_no_mail_is_refused(server: DnsServer) -> None:
    for raw in (b"", b"hello", b"\x00\xff" * 100):
        with pytest.raises(InvalidInput):
            await read_trial_mail(raw, ResolverLookups(resolver_of([server.address])))
