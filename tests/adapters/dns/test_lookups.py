"""Look-ups against a DNS server of our own."""

from __future__ import annotations

import pytest

from relance.adapters.dns.lookups import ResolverLookups, resolver_of
from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, LookupState, RecordKind
from relance.errors import InvalidInput
from tests.support.dns_server import DnsServer, dns_server

LONG = "x" * 250
ZONE = f"""
b.example TXT "v=spf1 " "ip4:198.51.100.7" " -all"
long.example TXT "{LONG}" "{LONG}" "{LONG}"
b.example MX 10 Mail.b.example.
null.example MX 0 .
alias.example CNAME b.example
a.b.example A 198.51.100.7
a.b.example AAAA 2001:db8::7
7.100.51.198.in-addr.arpa PTR a.b.example.
latin.example TXT "caf\\233"
"""


async def asked(server: DnsServer, name: str, kind: RecordKind, lifetime: float = 4.0) -> DnsAnswer:
    lookups = ResolverLookups(resolver_of([server.address]), lifetime=lifetime)
    question = DnsQuestion(name, kind)
    return (await lookups.ask([question]))[question]


async def test_every_kind_of_record_is_read_as_the_judges_expect_it() -> None:
    async with dns_server(ZONE) as server:
        assert (await asked(server, "b.example", RecordKind.TXT)).values == ("v=spf1 ip4:198.51.100.7 -all",)
        assert (await asked(server, "b.example", RecordKind.MX)).values == ("10 mail.b.example",)
        assert (await asked(server, "null.example", RecordKind.MX)).values == ("0 ",)
        assert (await asked(server, "a.b.example", RecordKind.A)).values == ("198.51.100.7",)
        assert (await asked(server, "a.b.example", RecordKind.AAAA)).values == ("2001:db8::7",)
        assert (await asked(server, "7.100.51.198.in-addr.arpa", RecordKind.PTR)).values == ("a.b.example",)
        assert (await asked(server, "latin.example", RecordKind.TXT)).state is LookupState.FOUND


async def test_an_alias_is_followed_and_named() -> None:
    async with dns_server(ZONE) as server:
        found = await asked(server, "alias.example", RecordKind.TXT)
    assert (found.state, found.alias) == (LookupState.FOUND, "b.example")


async def test_no_such_name_and_no_such_record_are_told_apart() -> None:
    async with dns_server(ZONE) as server:
        assert (await asked(server, "x.example", RecordKind.A)).state is LookupState.NO_NAME
        assert (await asked(server, "b.example", RecordKind.A)).state is LookupState.NO_RECORD
        assert (await asked(server, f"{'x' * 64}.example", RecordKind.A)).state is LookupState.NO_NAME


async def test_an_answer_too_long_for_udp_comes_over_tcp() -> None:
    async with dns_server(ZONE) as server:
        assert (await asked(server, "long.example", RecordKind.TXT)).values == (LONG * 3,)
        assert [transport for *_, transport in server.asked] == ["udp", "tcp"]


async def test_a_server_that_fails_or_is_silent_is_a_failed_look_up_with_a_reason() -> None:
    async with dns_server(ZONE) as server:
        server.failing.add("b.example")
        server.silent.add("a.b.example")
        lookups = ResolverLookups(resolver_of([server.address]), lifetime=0.5)
        silent, failing = DnsQuestion("a.b.example", RecordKind.A), DnsQuestion("b.example", RecordKind.TXT)
        found = await lookups.ask([silent])
        assert (found[silent].state, lookups.reached) == (LookupState.FAILED, False)
        assert "0.5 s" in found[silent].reason
        found = await lookups.ask([failing])
    assert (found[failing].state, lookups.reached) == (LookupState.FAILED, True)
    assert "SERVFAIL" in found[failing].reason


async def test_where_nothing_listens_every_look_up_fails_and_no_server_counts_as_reached() -> None:
    lookups = ResolverLookups(resolver_of(["127.0.0.1:1"]), lifetime=0.5)
    question = DnsQuestion("b.example", RecordKind.TXT)
    assert (await lookups.ask([question]))[question].state is LookupState.FAILED
    assert not lookups.reached
    nowhere = ResolverLookups(None)
    assert (await nowhere.ask([question]))[question].state is LookupState.FAILED


@pytest.mark.parametrize("text", ["9.9.9.9", "127.0.0.1:5353", "2620:fe::fe", "[::1]:5353", "[::1]"])
def test_a_name_server_is_an_address_with_or_without_port(text: str) -> None:
    assert resolver_of([text]) is not None


@pytest.mark.parametrize("text", ["dns.example", "", "127.0.0.1:0", "127.0.0.1:x", "[::1", "1.2.3.4.5:53"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        resolver_of([text])
