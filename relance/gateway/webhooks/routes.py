"""`POST /webhooks/{ses,postmark,mailgun,sendgrid,neutral}`: each is there only if the settings hold its secret.

200 after every event of the call is on the majority of MongoDB; 503 while that cannot be said, and the relay calls
again: an event that was taken before changes nothing. Who lacks the secret hears 401 and no more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from relance.errors import DependencyUnavailable
from relance.gateway.headers import SAFE
from relance.gateway.limits.bodies import BODY_S, body_of
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import IntakeNeeds, Needs
from relance.gateway.webhooks import mailgun, neutral, postmark, sendgrid, ses, sns
from relance.gateway.webhooks.model import MalformedCall, RelayEvent, SignatureRejected
from relance.ports import Clock
from relance.settings.signing_secrets import signing_keys

MOST_BYTES = 4_000_000
MOST_UNTRUSTED_BYTES = 1_000_000
"""Of the relays whose signature stands in the body, which is read before it is trusted; one call holds one event."""
MOST_EVENTS = 10_000
RETRY_AFTER_S = 30
_SIGNED_WITHIN = frozenset({"ses", "mailgun"})

ReadCall: TypeAlias = Callable[[Request, bytes], Awaitable[list[RelayEvent]]]
"""Verifies a call and returns its events; raises SignatureRejected or MalformedCall."""


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the routes of the relays whose secrets are set."""
    per_client = ClientRate(needs.settings.api_rate)
    return [
        Route(f"/webhooks/{name}", RelayWebhook(name, read, needs.intake, per_client).receive, methods=["POST"])
        for name, read in _readers(needs.intake, needs.clock).items()
    ]


@dataclass(frozen=True, slots=True)
class RelayWebhook:
    """One relay's route."""

    name: str
    read: ReadCall
    needs: IntakeNeeds
    per_client: ClientRate

    async def receive(self, request: Request) -> Response:
        """Take the events of a call."""
        if wait := self.per_client.wait(request):
            # Before anything is read: a signature takes the whole body. Relays call again after a 429.
            self.needs.refused("rate")
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(wait)})
        body = await self._body(request)
        try:
            events = await self.read(request, body)
            if len(events) > MOST_EVENTS:
                raise self._too_large()
            for event in events:
                await self.needs.service.take_relayed(event.reading, event.id, event.raw or body, self.name)
        except SignatureRejected:
            self.needs.refused("signature")
            raise HTTPException(401, "Unauthorized") from None
        except (MalformedCall, RecursionError):
            self.needs.refused("malformed")
            raise HTTPException(400, "Malformed") from None
        except DependencyUnavailable:
            raise self._later("unavailable") from None
        return PlainTextResponse("taken", headers=dict(SAFE))

    async def _body(self, request: Request) -> bytes:
        try:
            most = MOST_UNTRUSTED_BYTES if self.name in _SIGNED_WITHIN else MOST_BYTES
            return await body_of(request, most, seconds=BODY_S)
        except HTTPException as refused:
            if refused.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise self._too_large() from None
            # Some relays, as Amazon SNS, do not call again after a 4xx.
            raise self._later("slow") from None

    def _later(self, reason: str, seconds: int = RETRY_AFTER_S) -> HTTPException:
        self.needs.refused(reason)
        return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(seconds)})

    def _too_large(self) -> HTTPException:
        self.needs.refused("too_large")
        return HTTPException(413, "Too large")


def _readers(needs: IntakeNeeds, clock: Clock) -> dict[str, ReadCall]:
    settings = needs.settings
    found: dict[str, ReadCall] = {}
    if settings.ses_topic is not None:
        found["ses"] = _ses(sns.SnsVerifier(settings.ses_topic, needs.fetch), clock)
    if settings.postmark_auth is not None:
        found["postmark"] = _postmark(settings.postmark_auth.get_secret_value())
    if settings.mailgun_key is not None:
        found["mailgun"] = _mailgun(settings.mailgun_key.get_secret_value(), clock)
    if settings.sendgrid_key is not None:
        found["sendgrid"] = _sendgrid(settings.sendgrid_key.get_secret_value(), clock)
    if settings.neutral_secrets is not None and (keys := signing_keys(settings.neutral_secrets)):
        found["neutral"] = _neutral(keys, clock)
    return found


def _ses(verifier: sns.SnsVerifier, clock: Clock) -> ReadCall:
    async def read(_: Request, body: bytes) -> list[RelayEvent]:
        message = await verifier.verified(body, clock.now())
        if message["Type"] == sns.SUBSCRIPTION:
            await verifier.confirm(message)
            return []
        return ses.read_ses(str(message.get("Message", "")), str(message.get("MessageId", "")))

    return read


def _postmark(expected: str) -> ReadCall:
    async def read(request: Request, body: bytes) -> list[RelayEvent]:
        postmark.verify_basic(expected, request.headers)
        return postmark.read_postmark(body)

    return read


def _mailgun(key: str, clock: Clock) -> ReadCall:
    async def read(_: Request, body: bytes) -> list[RelayEvent]:
        return mailgun.read_mailgun(key, body, clock.now())

    return read


def _sendgrid(key: str, clock: Clock) -> ReadCall:
    async def read(request: Request, body: bytes) -> list[RelayEvent]:
        sendgrid.verify_sendgrid(key, request.headers, body, clock.now())
        return sendgrid.read_sendgrid(body)

    return read


def _neutral(keys: Sequence[bytes], clock: Clock) -> ReadCall:
    async def read(request: Request, body: bytes) -> list[RelayEvent]:
        identifier = neutral.verify_neutral(keys, request.headers, body, clock.now())
        return neutral.read_neutral(body, identifier)

    return read
