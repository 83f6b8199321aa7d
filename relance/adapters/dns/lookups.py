"""DNS answers over dnspython, each within its patience."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dns.asyncresolver import Resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT

from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, LookupState, RecordKind
from relance.errors import InvalidInput

LIFETIME, TIMEOUT = 4.0, 1.5
"""Seconds for one question over all tries, and for one try."""
AT_ONCE = 16


class ResolverLookups:
    """`ports.mail_setup.DnsLookups` over one resolver."""

    def __init__(self, resolver: Resolver | None, *, lifetime: float = LIFETIME) -> None:
        self._resolver = resolver
        self._lifetime = lifetime
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.reached = False

    async def ask(self, questions: Collection[DnsQuestion]) -> Mapping[DnsQuestion, DnsAnswer]:
        """Answer all of them, several at once."""
        answers = await asyncio.gather(*(self._ask(question) for question in questions))
        return dict(zip(questions, answers, strict=True))

    async def _ask(self, question: DnsQuestion) -> DnsAnswer:
        if self._resolver is None:
            return DnsAnswer(LookupState.FAILED, reason="this machine has no name server")
        async with self._slots:
            try:
                return await self._resolved(self._resolver, question)
            except (dns.exception.DNSException, OSError, UnicodeError) as error:
                return self._failure(error)

    def _failure(self, error: Exception) -> DnsAnswer:
        match error:
            case dns.resolver.NXDOMAIN():
                self.reached = True
                return DnsAnswer(LookupState.NO_NAME)
            case dns.name.LabelTooLong() | dns.name.EmptyLabel() | dns.name.NameTooLong() | UnicodeError():
                return DnsAnswer(LookupState.NO_NAME, reason="it is no name")
            case dns.resolver.NoNameservers():
                reason = self._refusal(error)
            case dns.exception.Timeout():
                reason = f"no answer within {self._lifetime:g} s"
            case _:
                reason = f"the look-up failed ({type(error).__name__})"
        return DnsAnswer(LookupState.FAILED, reason=reason)

    async def _resolved(self, resolver: Resolver, question: DnsQuestion) -> DnsAnswer:
        found = await resolver.resolve(
            dns.name.from_text(question.name),
            question.kind.value,
            raise_on_no_answer=False,
            lifetime=self._lifetime,
            search=False,
        )
        self.reached = True
        canonical = _plain(found.canonical_name)
        alias = canonical if canonical != question.name else None
        values = tuple(_value(question.kind, record) for record in found.rrset or ())
        return DnsAnswer(LookupState.FOUND if values else LookupState.NO_RECORD, values, alias)

    def _refusal(self, error: dns.resolver.NoNameservers) -> str:
        tries = error.kwargs.get("errors", [])
        answered = [attempt for attempt in tries if attempt[4] is not None]
        if not answered:
            return "no name server can be reached"
        self.reached = True
        return f"the name servers refuse or fail ({answered[-1][3]})"


def _value(kind: RecordKind, record: Rdata) -> str:
    if isinstance(record, TXT):
        # Several strings of one record are one text, without anything between them (RFC 7208 section 3.3).
        return b"".join(record.strings).decode("utf-8", "replace")
    if kind is RecordKind.MX:
        preference, exchange = record.preference, record.exchange  # type: ignore[attr-defined]
        return f"{preference} {_plain(exchange)}"
    if kind is RecordKind.PTR:
        return _plain(record.target)  # type: ignore[attr-defined]
    return record.to_text()


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def resolver_of(servers: Sequence[str]) -> Resolver | None:
    """Return a resolver that asks these servers, `address` or `address:port`; without any, this machine's.

    Raises:
        InvalidInput: a server is no address.
    """
    if not servers:
        try:
            resolver = Resolver()
        except dns.resolver.NoResolverConfiguration:
            return None
    else:
        resolver = Resolver(configure=False)
        resolver.nameservers = [_server(server) for server in servers]
    resolver.timeout = TIMEOUT
    # TXT records of large senders go beyond 512 bytes; beyond this, TCP.
    resolver.use_edns(0, 0, 1232)
    return resolver


def _server(text: str) -> dns.nameserver.Nameserver:
    host, port = text, "53"
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        host = host if closed else ""
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        return dns.nameserver.Do53Nameserver(_address(host), _port(port))
    except ValueError:
        raise InvalidInput("--resolver", f"{text!r} is no address", "give one like 9.9.9.9 or 127.0.0.1:5353") from None


def _address(text: str) -> str:
    return str(ip_address(text))


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError("no port")
    return port
