"""Makes the console out of settings and adapters, beside the routes of the gateway (SPEC section 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute
from temporalio.client import Client

from composition import mail_setup
from composition.conversation import PATIENCE, alert_service_of, conversation_of
from composition.mail_preview import mail_desk
from relance.adapters.attachment_tokens import AttachmentTokens
from relance.adapters.clock import SystemClock
from relance.adapters.everflow.reports import EverflowReports
from relance.adapters.mongo.connection import Database
from relance.adapters.openid import OpenIdProvider
from relance.console.answers import ServerAnswers
from relance.console.application import Console, routes
from relance.console.layout import Layout
from relance.console.live.hub import Hub
from relance.console.needs import ConsoleNeeds
from relance.console.pages.registry import PAGES
from relance.console.signing_in.by_oidc import ByOpenId
from relance.console.signing_in.by_proxy import ByProxy
from relance.console.signing_in.by_token import ByToken
from relance.console.signing_in.model import SignIn, Starter
from relance.console.visitors import SignedInViewer, Visitors
from relance.console.watchers import CycleWatchers
from relance.console.work import Worker
from relance.ports import Clock
from relance.services.cycle_control import CycleControl
from relance.services.cycle_decisions import CycleDecisions
from relance.services.explaining import Explaining
from relance.settings import Settings
from relance.settings.console import SignInWay
from relance.temporal.cycles import TemporalCycles


@dataclass(frozen=True, slots=True)
class OpenConsole:
    """The routes of the console; `hub` keeps open pages up to date and is closed before the server drains.

    `viewer` lets those read encrypted payloads who are signed in.
    """

    routes: Sequence[BaseRoute]
    viewer: SignedInViewer
    hub: Hub
    work: Worker
    answers: ServerAnswers

    async def close(self) -> None:
        """Let those who look at live pages go, and end what runs in the background."""
        await self.hub.close()
        await self.work.close()
        await self.answers.close()


@dataclass(frozen=True, slots=True)
class ConsoleDoctor:
    """What *Settings and health* looks at outside, as `starter.py doctor` does."""

    clock: Clock

    check_relay = staticmethod(mail_setup.check_relay)
    relay_log = staticmethod(mail_setup.relay_log)
    reports = staticmethod(mail_setup.reports)
    check_links = staticmethod(mail_setup.check_links)
    greet_intake = staticmethod(mail_setup.intake_greeting)


def console_of(settings: Settings, data: Database, client: Client, explaining: Explaining) -> OpenConsole | None:
    """Return the console; None where the settings switch it off."""
    if not settings.console.is_on:
        return None
    clock = SystemClock()
    starter = Starter(sessions=data.sessions, clock=clock, age=settings.console.session)
    answers = ServerAnswers()
    needs = ConsoleNeeds(
        settings=settings,
        data=data,
        client=client,
        answers=answers,
        clock=clock,
        explaining=explaining,
        watchers=CycleWatchers(data, client, answers),
        mails=mail_desk(settings),
        conversation=conversation_of(settings, data, client, explaining),
        sign_attachment=AttachmentTokens(settings.privacy.link_keys).sign,
        reports=lambda: EverflowReports(settings.everflow),
        work=Worker(data.works, clock),
        doctor=ConsoleDoctor(clock),
        decisions=CycleDecisions(
            control=CycleControl(data.controls, TemporalCycles(client, PATIENCE), clock),
            alerts=alert_service_of(settings, data, client),
        ),
    )
    hub = Hub(needs, data.changes, settings.console.viewers_at_once)
    sign_in = _sign_in(settings, data, starter)
    visitors = Visitors(
        sessions=data.sessions,
        sign_in=sign_in,
        clock=clock,
        language=settings.console.language,
        zone=settings.console.zone or settings.scheduling.default_zone,
    )
    layout = Layout(PAGES, visitors, clock)
    console = Console(layout=layout, visitors=visitors, sign_in=sign_in, starter=starter, hub=hub)
    return OpenConsole(routes(console, PAGES), SignedInViewer(visitors), hub, needs.work, answers)


def _sign_in(settings: Settings, data: Database, starter: Starter) -> SignIn:
    group = settings.console
    if group.sign_in is SignInWay.OIDC:
        secret = group.client_secret.get_secret_value() if group.client_secret else None
        return ByOpenId(
            starter=starter,
            sign_ins=data.sign_ins,
            provider=OpenIdProvider(issuer=group.issuer or "", client_id=group.client_id, client_secret=secret),
            settings=group,
            base=settings.gateway.public_url,
        )
    if group.sign_in is SignInWay.PROXY:
        return ByProxy(starter=starter, settings=group, gateway=settings.gateway)
    return ByToken(starter=starter, sign_ins=data.sign_ins, from_anywhere=group.token_from_anywhere)
