"""`POST /webhooks/slack`: acknowledge and details by the buttons of our messages; only where an app is configured.

Slack waits three seconds for a 200. What was pressed is done before it, the answer is posted behind it to the call's
`response_url`. A call that comes again, by whomever, has the same signature, and is answered once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from relance.domain.channels.messages import OutgoingMessage
from relance.domain.conversation import Intent, Request
from relance.errors import ChannelError, DependencyUnavailable
from relance.gateway.headers import SAFE
from relance.gateway.limits.bodies import body_of
from relance.gateway.limits.rates import ClientRate
from relance.gateway.needs import Needs, SlackNeeds
from relance.gateway.slack.pressed import Pressed, is_of_slack, read_pressed
from relance.gateway.slack.signature import verify
from relance.gateway.webhooks.model import MalformedCall, SignatureRejected
from relance.services.chat_answers import Speaker, Via
from relance.services.conversation import Context

MOST_BYTES = 256 * 1024
"""A call holds the message whose button was pressed."""


def routes(needs: Needs) -> list[BaseRoute]:
    """Return the route; none without an app."""
    if needs.slack is None:
        return []
    buttons = SlackButtons(needs.slack, ClientRate(needs.settings.api_rate))
    return [Route("/webhooks/slack", buttons.take, methods=["POST"])]


@dataclass(frozen=True, slots=True)
class SlackButtons:
    """Does what people press in Slack."""

    needs: SlackNeeds
    per_client: ClientRate

    async def take(self, request: HttpRequest) -> Response:
        """Take a call."""
        if wait := self.per_client.wait(request):
            raise HTTPException(429, headers={"Retry-After": str(wait)})
        body = await body_of(request, MOST_BYTES)
        try:
            signature = verify(self.needs.secret, request.headers, body, self.needs.clock.now())
            pressed = read_pressed(body)
        except SignatureRejected:
            self.needs.refused("signature")
            raise HTTPException(401, "Unauthorized") from None
        except (MalformedCall, RecursionError):
            self.needs.refused("malformed")
            raise HTTPException(400, "Malformed") from None
        if pressed is None or not pressed.about:
            return self._taken()
        try:
            answer = await self._ask(pressed, signature)
        except DependencyUnavailable:
            self.needs.refused("unavailable")
            raise HTTPException(503, headers={"Retry-After": "10"}) from None
        return self._taken(BackgroundTask(self._answer, pressed, answer) if answer is not None else None)

    async def _ask(self, pressed: Pressed, signature: str) -> OutgoingMessage | None:
        speaker = Speaker(
            author=f"slack:{pressed.user}",
            may_decide=self.needs.may_decide(pressed.user),
            via=Via.SLACK,
            zone=self.needs.zone,
            language=self.needs.language,
        )
        key = hashlib.sha256(signature.encode()).hexdigest()[:32]
        return await self.needs.conversation.ask(speaker, Request(pressed.intent), Context(pressed.about), key)

    async def _answer(self, pressed: Pressed, answer: OutgoingMessage) -> None:
        if not is_of_slack(pressed.answer_to):
            self.needs.refused("address")
            return
        try:
            # Whoever took an alert on is of interest to all; what one person asked is not.
            await self.needs.answer(pressed.answer_to, answer, is_public=pressed.intent is Intent.ACKNOWLEDGE)
        except ChannelError:
            # It is done and stands in the console; Slack shows nothing of it.
            self.needs.refused("unanswered")

    def _taken(self, task: BackgroundTask | None = None) -> Response:
        return PlainTextResponse("", headers=dict(SAFE), background=task)
