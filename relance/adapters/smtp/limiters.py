"""Turns: which mail may go to which provider now, which waits a little, and which is put off (SPEC X3)."""

from __future__ import annotations

from collections.abc import Sequence

from dns.asyncresolver import Resolver

from relance.adapters.breaker import Breakers
from relance.adapters.smtp.mail_servers import MailServers
from relance.adapters.smtp.provider_limiter import LimiterEntry, ProviderLimiter, keep, now
from relance.domain.invitations.addresses import domain_of
from relance.domain.mail.breaker import Permit
from relance.domain.mail.providers import OTHER, Provider, ProviderLimits, provider_of
from relance.domain.mail.rate_limit import RateLimiter, RatePolicy
from relance.domain.mail.sharing import LimitShare, ProviderRest
from relance.settings.mail import MailGroup
from relance.settings.pacing import Pacing

MOST_DOMAINS = 10_000
MOST_RESTS = 100
"""Sent to the other processes at once; in a common outage they find the rest themselves."""


class Pacer:
    """The gates of a process, one per provider, and the rate of the relay behind them all."""

    def __init__(
        self,
        mail: MailGroup,
        pacing: Pacing,
        breakers: Breakers,
        resolver: Resolver | None = None,
        *,
        share: LimitShare | None = None,
    ) -> None:
        self._share = share or LimitShare()
        self._pacing = pacing
        self._limits = pacing.limits
        self._others = ProviderLimits(pacing.connections, mail.rate_per_domain)
        self._breakers = breakers
        self._relay = RateLimiter(mail.rate, RatePolicy(), self._share)
        self._gates: dict[str, ProviderLimiter] = {}
        # Those that failed lately.
        self._failed: dict[str, ProviderLimiter] = {}
        # Every domain as it is written in the addresses.
        self._by_domain: dict[str, ProviderLimiter] = {}
        self._servers = MailServers(resolver, self._learn) if resolver is not None else None

    @property
    def patience(self) -> float:
        """Seconds for which a lane waits for slow providers, in all."""
        return self._pacing.patience

    async def close(self) -> None:
        """Ask DNS no further."""
        if self._servers is not None:
            await self._servers.close()

    def rests(self) -> Sequence[ProviderRest]:
        """Return the providers that asked this process to wait; the longest rests, if they are many."""
        found = [ProviderRest.of(name, *gate.rest()) for name, gate in self._failed.items()]
        resting = sorted((rest for rest in found if rest.left), key=lambda rest: -rest.left)
        self._failed = {rest.provider: self._failed[rest.provider] for rest in resting}
        return resting[:MOST_RESTS]

    def leave_alone(self, rest: ProviderRest) -> None:
        """Let a provider rest that asked another process to wait."""
        known = rest.provider in self._limits
        self._made(Provider(rest.provider, rest.provider if known else OTHER)).leave_alone(rest)

    def is_free(self, to_address: str) -> bool:
        """Return whether a mail to this address may go without any wait."""
        return self._gate(to_address).is_free() and self._relay.wait(now()) == 0

    async def acquire(self, to_address: str, patience: float) -> LimiterEntry | float:
        """Wait until a mail may go; return its entry, or in how many seconds it is to come back.

        `patience` limits the wait for the provider's rate. The relay's rate is waited for without a limit, because it
        holds for every mail.
        """
        gate = self._gate(to_address)
        permit = gate.admit(patience)
        if not isinstance(permit, Permit):
            return permit
        entry: LimiterEntry | None = None
        try:
            if self._relay.is_limited:
                begun = now()
                await keep(self._relay, self._relay.take(begun), begun)
            entry = await gate.enter(permit)
        finally:
            if entry is None:
                gate.give_up(permit)
        return entry or gate.put_off()

    def _gate(self, to_address: str) -> ProviderLimiter:
        written = to_address.rpartition("@")[2]
        gate = self._by_domain.get(written)
        if gate is None:
            domain = domain_of(to_address)
            provider = provider_of(domain)
            gate = self._by_domain[written] = self._made(provider)
            if self._servers is not None and provider.name == domain:
                self._servers.ask(domain)
        return gate

    def _learn(self, domain: str, provider: Provider) -> None:
        # What is under way keeps the gate it came through.
        own = self._gates.get(domain)
        for written in [name for name, gate in self._by_domain.items() if gate is own]:
            self._by_domain[written] = self._made(provider)

    def _made(self, provider: Provider) -> ProviderLimiter:
        if len(self._by_domain) >= MOST_DOMAINS:
            self._gates = {name: gate for name, gate in self._gates.items() if not gate.is_idle()}
            kept = set(self._gates.values())
            self._by_domain = {domain: gate for domain, gate in self._by_domain.items() if gate in kept}
        # With so many busy domains the newcomers share one gate: slower than need be, never faster.
        known = provider if len(self._by_domain) < MOST_DOMAINS else Provider(OTHER)
        gate = self._gates.get(known.name)
        if gate is None:
            limits = self._limits.get(known.name, self._others)
            breaker = self._breakers.busy(known.name, f"provider {known.label}")
            gate = ProviderLimiter(limits, self._pacing, breaker, self._share, lambda: self._note_failure(known.name))
            self._gates[known.name] = gate
        return gate

    def _note_failure(self, name: str) -> None:
        # The gate that the newcomers share stands for nobody.
        if name != OTHER and (gate := self._gates.get(name)) is not None:
            self._failed[name] = gate
