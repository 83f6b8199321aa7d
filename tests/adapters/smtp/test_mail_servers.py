"""Domains are counted to who takes their mail, as a DNS server says it over UDP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.asyncresolver import Resolver

from relance.adapters.breaker import Breakers
from relance.adapters.smtp.limiters import Pacer
from relance.adapters.smtp.mail_servers import MailServers
from relance.adapters.smtp.provider_limiter import LimiterEntry
from relance.domain.mail.providers import Provider, provider_of_servers
from relance.settings.mail import MailGroup
from relance.settings.pacing import Breaking, Pacing
from tests.support.patience import PATIENCE_S

RECORDS = {
    "shop.example": ["aspmx.l.google.com.", "alt1.aspmx.l.google.com."],
    "office.example": ["office-example.mail.protection.outlook.com."],
    "mixed.example": ["aspmx.l.google.com.", "mx.mixed.example."],
    "own.example": ["mx.own.example."],
}


class _Names(asyncio.DatagramProtocol):
    """Answers MX questions from a table, and counts them."""

    def __init__(self, records: Mapping[str, list[str]]) -> None:
        self.records = records
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        answer = dns.message.make_response(query)
        if name in self.records:
            hosts = [f"10 {host}" for host in self.records[name]]
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "MX", *hosts))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def names(records: Mapping[str, list[str]]) -> AsyncIterator[tuple[Resolver, _Names]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: _Names(records), local_addr=("127.0.0.1", 0))
    resolver = Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    try:
        yield resolver, server
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("hosts", "provider"),
    [
        (["ASPMX.L.GOOGLE.COM."], "google"),
        (["smtp-in.orange.fr"], "orange"),
        (["contoso-com.mail.protection.outlook.com"], "microsoft"),
        (["mx.example.org"], None),
        (["aspmx.l.google.com", "mx.example.org"], None),
        (["notgoogle.com"], None),
        ([], None),
    ],
)
def test_servers_belong_to_a_provider_if_all_of_them_do(hosts: list[str], provider: str | None) -> None:
    found = provider_of_servers(hosts)
    assert (found and found.name) == provider


async def test_each_domain_is_asked_about_once_and_unknown_ones_teach_nothing() -> None:
    learnt: dict[str, Provider] = {}
    async with names(RECORDS) as (resolver, server):
        servers = MailServers(resolver, learnt.__setitem__)
        for domain in ("shop.example", "shop.example", "office.example", "mixed.example", "own.example", "no.example"):
            servers.ask(domain)
        async with asyncio.timeout(PATIENCE_S):
            while len(server.asked) < 5 or len(learnt) < 2:
                await asyncio.sleep(0.01)
        await servers.close()
    assert {domain: provider.name for domain, provider in learnt.items()} == {
        "shop.example": "google",
        "office.example": "microsoft",
    }
    assert sorted(server.asked) == sorted([*RECORDS, "no.example"])


async def test_a_companys_domain_shares_the_places_of_the_provider_that_hosts_it() -> None:
    async with names(RECORDS) as (resolver, server):
        pacer = Pacer(MailGroup(), Pacing(patience=0.0), Breakers(Breaking()), resolver)
        # The first mail does not wait for the answer.
        assert pacer.is_free("a@Shop.example")
        async with asyncio.timeout(PATIENCE_S):
            while not server.asked:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        entries = [await pacer.acquire(f"{number}@gmail.com", 0.0) for number in range(5)]
        assert all(isinstance(entry, LimiterEntry) for entry in entries)
        assert not pacer.is_free("a@Shop.example")
        assert pacer.is_free("a@own.example")
        await pacer.close()


async def test_a_name_server_that_is_silent_holds_nothing_up() -> None:
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], 9
    pacer = Pacer(MailGroup(), Pacing(), Breakers(Breaking()), resolver)
    assert isinstance(await pacer.acquire("a@own.example", 0.0), LimiterEntry)
    async with asyncio.timeout(1):
        await pacer.close()
