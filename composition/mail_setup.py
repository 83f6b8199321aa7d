"""What `doctor` looks at outside: relay, its log, Everflow, links, intake, name servers, TLS, a trial mail.

Each function imports what it needs when it is called: commands start fast (see `starter.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relance.domain.mail_setup.relay_tls import RelayTls
    from relance.domain.mail_setup.trial_mail import TrialMail
    from relance.gateway.unsubscribe_check import LinkTrouble
    from relance.ports import RelayLog, Reports
    from relance.ports.dns import DnsLookups
    from relance.settings import Settings


async def check_relay(loaded: Settings) -> None:
    """Connect to the relay, greet it and authenticate, and take leave."""
    from relance.adapters.smtp.opening import Opener

    session = await Opener(loaded.mail).open()
    await session.quit()


def reports(loaded: Settings) -> AbstractAsyncContextManager[Reports]:
    """Return Everflow's reports, to be opened."""
    from relance.adapters.everflow.reports import EverflowReports

    return EverflowReports(loaded.everflow)


def relay_log(loaded: Settings) -> AbstractAsyncContextManager[RelayLog | None]:
    """Return the relay's log, to be opened."""
    from relance.adapters.relay_log.opening import opened_relay_log

    return opened_relay_log(loaded.relay_log)


async def check_links(loaded: Settings) -> Mapping[str, LinkTrouble | None]:
    """Return what is amiss with the unsubscribe links, by the address of the gateway and that of the mails' links."""
    from relance.adapters.tokens import LinkTokens
    from relance.gateway.unsubscribe_check import check_unsubscribe
    from relance.settings.unfit import unfit_names

    tokens = LinkTokens(loaded.privacy.link_keys)
    # A name for examples cannot be reached; the row of the settings reports it.
    for_examples = loaded.mail.rehearsal or any("LINK_BASE" in name.setting for name in unfit_names(loaded.mail))
    bases = [loaded.gateway.public_url, None if for_examples else loaded.mail.link_base.rstrip("/")]
    named = [base for base in dict.fromkeys(bases) if base is not None]
    found = await asyncio.gather(*(check_unsubscribe(base, tokens) for base in named))
    return dict(zip(named, found, strict=True))


async def intake_greeting(loaded: Settings) -> str:
    """Return what the listener of the mail intake greets with."""
    from relance.adapters.intake_greeting import greet_intake

    return await greet_intake(loaded.intake.host, loaded.intake.port or 0)


def dns(servers: Sequence[str]) -> DnsLookups:
    """Return the look-ups of these name servers, or of this machine's."""
    from relance.adapters.dns.lookups import ResolverLookups, resolver_of

    return ResolverLookups(resolver_of(servers))


async def relay_tls(loaded: Settings) -> RelayTls:
    """Return what the relay offers by way of TLS."""
    from relance.adapters.smtp import relay_tls as adapter

    return await adapter.relay_tls(loaded.mail)


async def trial_mail(raw: bytes, lookups: DnsLookups) -> TrialMail:
    """Return a received mail with its verified signatures."""
    from relance.adapters.received_mail import read_trial_mail

    return await read_trial_mail(raw, lookups)
