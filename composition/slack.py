"""Makes what answers the buttons of messages in Slack (SPEC K3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from relance.adapters.channels import slack
from relance.adapters.channels.http import ChannelHttp
from relance.adapters.clock import SystemClock
from relance.gateway.needs import SlackNeeds
from relance.runtime.metrics import Instruments
from relance.services.conversation import ChatService
from relance.settings import Settings


@asynccontextmanager
async def answering_slack(
    settings: Settings, conversation: ChatService, instruments: Instruments
) -> AsyncIterator[SlackNeeds | None]:
    """Yield what the route works with; None without an app."""
    secret = settings.channels.slack_signing_secret
    if secret is None:
        yield None
        return
    http = ChannelHttp(settings.channels)
    try:
        yield SlackNeeds(
            secret=secret.get_secret_value(),
            conversation=conversation,
            may_decide=settings.channels.decides_in_slack,
            answer=partial(slack.answer, http),
            refused=instruments.chat_refused,
            clock=SystemClock(),
            zone=settings.alerts.zone,
            language=settings.alerts.language,
        )
    finally:
        await http.close()
