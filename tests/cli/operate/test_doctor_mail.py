"""`doctor --mail` as a person runs it, against name servers and a relay of our own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import dkim
import pytest

from tests.adapters.test_received_mail import HEADERS, MAIL, new_key
from tests.support.dns_server import DnsServer, dns_server
from tests.support.mail_zone import RSA_2048
from tests.support.smtp_relay import Relay
from tests.support.terminal import Ended, Terminal

ADDRESS = "9.9.9.9"
ZONE = f"""
a.gtld-servers.com A 192.5.6.30
bounces.faf.test TXT "v=spf1 ip4:{ADDRESS} -all"
bounces.faf.test MX 10 mx.faf.test.
faf.test MX 10 mx.faf.test.
mx.faf.test A 9.9.9.10
s1._domainkey.faf.test TXT "v=DKIM1; k=rsa; p={RSA_2048[:200]}" "{RSA_2048[200:]}"
_dmarc.faf.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@faf.test"
9.9.9.9.in-addr.arpa PTR out.faf.test.
out.faf.test A {ADDRESS}
"""
ALL = ("--selector", "s1", "--sent-from", ADDRESS)


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with dns_server(ZONE) as running:
        yield running


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    running = Relay()
    async with await running.start():
        yield running
        running.hang_up()


def environment(port: int) -> dict[str, str]:
    return {
        "RELANCE_MAIL__HOST": "127.0.0.1",
        "RELANCE_MAIL__PORT": str(port),
        "RELANCE_MAIL__SENDER_ADDRESS": "bonjour@faf.test",
        "RELANCE_MAIL__BOUNCE_DOMAIN": "bounces.faf.test",
    }


async def run(address: str, port: int, *arguments: str) -> Ended:
    # In a thread: the servers it asks run in this one.
    terminal = Terminal(environment(port))
    return await asyncio.to_thread(terminal.run, "doctor", "--mail", "--resolver", address, *arguments)


async def test_a_sound_set_up_is_ready(server: DnsServer, relay: Relay) -> None:
    ended = await run(server.address, relay.port, *ALL, "--json")
    assert (ended.code, ended.data["ready"]) == (0, True), ended.out
    checks = ended.data["checks"]
    assert {one["state"] for one in checks} == {"ok"}
    assert {one["part"] for one in checks} == {
        "SPF", "DKIM", "DMARC", "alignment", "bounce MX", "answers MX", "PTR", "relay TLS",
    }  # fmt: skip
    assert len(server.asked) == len(set(server.asked))


async def test_an_address_may_stand_in_brackets_as_in_mail(server: DnsServer, relay: Relay) -> None:
    ended = await run(server.address, relay.port, "--selector", "s1", "--sent-from", f"[{ADDRESS}]", "--json")
    assert (ended.code, ended.data["ready"]) == (0, True), ended.out


async def test_each_fault_is_a_row_with_its_remedy(server: DnsServer, relay: Relay) -> None:
    server.load(re.sub(r"^(_dmarc|s1|9\.9).*$", "", ZONE, flags=re.MULTILINE).replace("-all", "+all"))
    ended = await run(server.address, relay.port, *ALL, "--json")
    wrong = {one["part"]: one["remedy"] for one in ended.data["checks"] if one["state"] == "wrong"}
    assert ended.code == 1
    assert set(wrong) == {"SPF", "DKIM", "DMARC", "PTR"}
    assert wrong["DMARC"].startswith('publish: _dmarc.faf.test. TXT "v=DMARC1;')
    assert all(wrong.values())
    shown = await run(server.address, relay.port, *ALL)
    assert (shown.code, "Mail set-up" in shown.out, "to mend" in shown.out) == (1, True, True)


async def test_where_unsubscribe_mails_go_is_looked_at_if_it_is_another_domain(server: DnsServer, relay: Relay) -> None:
    own = {**environment(relay.port), "RELANCE_INTAKE__UNSUBSCRIBE_ADDRESS": "off@news.faf.test"}
    arguments = ("doctor", "--mail", "--resolver", server.address, *ALL, "--json")
    ended = await asyncio.to_thread(Terminal(own).run, *arguments)
    (found,) = [one for one in ended.data["checks"] if one["part"] == "unsubscribe MX"]
    assert (ended.code, found["state"]) == (1, "wrong")
    assert "news.faf.test. MX 10" in found["remedy"]


async def test_one_failing_zone_leaves_the_other_rows(server: DnsServer, relay: Relay) -> None:
    server.failing.add("bounces.faf.test")
    ended = await run(server.address, relay.port, *ALL, "--json")
    states = {one["part"]: one["state"] for one in ended.data["checks"]}
    assert ended.code == 3
    assert (states["SPF"], states["DKIM"], states["DMARC"]) == ("unreachable", "ok", "ok")


async def test_no_name_server_is_one_row_and_no_network_at_all_is_the_only_one(server: DnsServer, relay: Relay) -> None:
    ended = await run("127.0.0.1:1", relay.port, *ALL, "--json")
    assert ended.code == 3
    assert [(one["part"], one["state"]) for one in ended.data["checks"]] == [
        ("DNS", "unreachable"),
        ("relay TLS", "ok"),
    ]
    server.all_silent = True
    ended = await run(server.address, 1, *ALL, "--json")
    assert ended.code == 3
    assert [one["part"] for one in ended.data["checks"]] == ["network"]
    server.asked.clear()
    ended = await run(server.address, 1)
    assert (ended.code, ended.out.count("unreachable")) == (3, 1)
    assert {name for name, *_ in server.asked} == {"com"}, "whoever does not answer is asked nothing more"


async def test_a_name_server_that_is_cut_off_from_the_world_says_nothing_about_our_records(
    server: DnsServer, relay: Relay
) -> None:
    server.load("intranet.local A 10.0.0.1")
    ended = await run(server.address, relay.port, *ALL, "--json")
    assert ended.code == 3
    assert [(one["part"], one["state"]) for one in ended.data["checks"]] == [
        ("DNS", "unreachable"),
        ("relay TLS", "ok"),
    ]
    assert "cut off" in ended.data["checks"][0]["detail"]
    ended = await run(server.address, 1, *ALL, "--json")
    assert [one["part"] for one in ended.data["checks"]] == ["network"]


async def test_a_received_mail_is_verified_and_its_selector_taken_from_it(
    server: DnsServer, relay: Relay, tmp_path: Path
) -> None:
    key = new_key(tmp_path)
    mail, message = MAIL.replace(b"a.example", b"faf.test"), tmp_path / "received.eml"
    server.load(
        re.sub(r"^s1.*$", "", ZONE, flags=re.MULTILINE)
        + f'k2._domainkey.faf.test TXT "p={key[1]}"'.replace(key[1][200:], '" "' + key[1][200:])
    )
    for headers, code, named in ((HEADERS, 0, "is valid and covers"), (HEADERS[:5], 1, "no unsubscribe button")):
        line = dkim.sign(mail, b"k2", b"faf.test", key[0], include_headers=headers)
        message.write_bytes(bytes(line) + mail)
        ended = await run(server.address, relay.port, "--message", str(message), "--sent-from", ADDRESS, "--json")
        assert ended.code == code, ended.out
        assert named in "\n".join(one["detail"] for one in ended.data["checks"] if one["part"] == "trial mail")
        assert "k2._domainkey.faf.test holds a key" in "\n".join(one["detail"] for one in ended.data["checks"])
    message.write_bytes(b"hello")
    ended = await run(server.address, relay.port, "--message", str(message), "--json")
    assert (ended.code, ended.data["field"]) == (2, "--message")
