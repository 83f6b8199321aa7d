"""Who takes the mail of a domain, by its MX records (SPEC X3); learnt beside the sending, which never waits for DNS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NoResolverConfiguration

from relance.domain.mail.providers import Provider, provider_of_servers

LIFETIME = 5.0
"""Seconds for one answer, over all name servers."""
AT_ONCE = 8
WAITING = 1_000
"""Most domains that wait for their question; one that finds no place is asked about with a later mail."""

Learnt = Callable[[str, Provider], None]


def system_resolver() -> Resolver | None:
    """Return the resolver this machine is set up for, if it has one."""
    try:
        return Resolver()
    except NoResolverConfiguration:
        return None


class MailServers:
    """Asks about each domain once; tells `learnt` of those that belong to a provider of the table."""

    def __init__(self, resolver: Resolver, learnt: Learnt) -> None:
        self._resolver = resolver
        self._learnt = learnt
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._asking: dict[str, asyncio.Task[None]] = {}

    def ask(self, domain: str) -> None:
        """Find out about a domain, unless that is under way or too many wait."""
        if domain not in self._asking and len(self._asking) < WAITING:
            task = self._asking[domain] = asyncio.create_task(self._ask(domain))
            task.add_done_callback(lambda _: self._asking.pop(domain))

    async def close(self) -> None:
        """Ask no further."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, domain: str) -> None:
        async with self._slots:
            try:
                answer = await self._resolver.resolve(domain, "MX", lifetime=LIFETIME)
            except (DNSException, OSError):
                # It stays a provider of its own; whether it takes mail is for the relay to find out.
                return
        provider = provider_of_servers([str(record.exchange) for record in answer])
        if provider is not None:
            self._learnt(domain, provider)
