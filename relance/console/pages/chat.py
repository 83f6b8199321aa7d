"""*Chat*: alerts and reports as messages, and what people ask and decide about them (SPEC K3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from relance.console.needs import ConsoleNeeds
from relance.console.pages.chat_messages import Spoken, keys_shown, spoken
from relance.console.pages.model import Asked, ConsolePage, PageAction, Params, Redirect, Region
from relance.domain.alerts.model import AlertRecord
from relance.domain.channels.chat_message import ChatMessage
from relance.domain.conversation import Intent, Misunderstood, Request, silence_from
from relance.gateway.attachments import SHOWN_TYPES
from relance.ids import alert_anchor
from relance.ports.console import Topic
from relance.services.chat_answers import Speaker, Via
from relance.services.conversation import Context
from relance.settings.recipients import ChannelName

SHOWN = 50
LONGEST_KEY = 64
PATH = "/console/chat"


async def _log(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    before = int(params["before"]) if params["before"].isascii() and params["before"].isdigit() else None
    # One more tells whether there are older ones.
    found = await needs.data.chat_messages.latest(SHOWN + 1, before=before)
    messages = found[-SHOWN:]
    named = keys_shown(messages)
    alerts = await needs.data.alerts.newest(named) if named else {}
    meant = await _meant(needs, params)
    taken = [alert_anchor(params["alert"])] if meant else []
    return {
        "said": spoken(messages, alerts, taken),
        "pictures": _pictures(needs, messages),
        "older": messages[0].number if len(found) > SHOWN else None,
        "newest": messages[-1].number if messages else 0,
        "is_past": before is not None,
        "has_inbox": ChannelName.INBOX in needs.settings.channel_names,
        "path": PATH,
        "alert": params["alert"],
    }


def _pictures(needs: ConsoleNeeds, messages: Sequence[ChatMessage]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """Return (file name, address) of the pictures of each message; they are kept where the gateway has an address."""
    if needs.settings.gateway.public_url is None:
        return {}
    return {
        message.number: [
            (file.filename, f"/attachments/{needs.sign_attachment(message.key, file.filename)}")
            for file in message.attachments
            if file.content_type in SHOWN_TYPES
        ]
        for message in messages
    }


async def _alert(needs: ConsoleNeeds, params: Params) -> Mapping[str, Any]:
    meant = await _meant(needs, params)
    card = Spoken.of_alerts(meant, alert_anchor(params["alert"])) if meant else None
    return {"card": card, "target": params["alert"], "path": PATH, "alert": params["alert"]}


async def _meant(needs: ConsoleNeeds, params: Params) -> Sequence[AlertRecord]:
    if not params["alert"]:
        return []
    return await needs.conversation.facts.alerts_named(params["alert"])


async def _say(needs: ConsoleNeeds, asked: Asked) -> Redirect:
    context = await _context(needs, asked)
    await needs.conversation.say(_speaker(asked), asked.form.get("text", ""), context, _key(asked))
    return _back(asked)


def _asks(intent: Intent) -> Any:
    async def act(needs: ConsoleNeeds, asked: Asked) -> Redirect:
        return await _ask(needs, asked, Request(intent))

    return act


async def _silence(needs: ConsoleNeeds, asked: Asked) -> Redirect:
    form = asked.form
    wanted = silence_from(
        form.get("end", ""),
        form.get("reason", ""),
        critical="critical" in form,
        now=needs.clock.now(),
        zone=asked.zone,
    )
    return await _ask(needs, asked, wanted)


async def _ask(needs: ConsoleNeeds, asked: Asked, wanted: Request | Misunderstood) -> Redirect:
    await needs.conversation.ask(_speaker(asked), wanted, await _context(needs, asked), _key(asked))
    return _back(asked)


async def _context(needs: ConsoleNeeds, asked: Asked) -> Context:
    """Return what a form is about: the alerts it names, those of the address, or the last message that was seen."""
    named = tuple(asked.form.get("about", "").split())
    if not named:
        named = tuple(alert.key for alert in await _meant(needs, asked.params))
    seen = asked.form.get("seen", "")
    return Context(named, int(seen) if seen.isascii() and seen.isdigit() and len(seen) < LONGEST_KEY else None)


def _speaker(asked: Asked) -> Speaker:
    person = asked.person
    return Speaker(person.name, person.decides, Via.CONSOLE, asked.zone, asked.language)


def _key(asked: Asked) -> str:
    """Return what makes a form the same one when it is sent twice; a browser without the script sends nothing."""
    given = asked.form.get("key", "")
    return given if given.isascii() and given.isalnum() and len(given) <= LONGEST_KEY else uuid4().hex


def _back(asked: Asked) -> Redirect:
    alert = asked.params["alert"]
    return Redirect(f"/chat?alert={quote(alert, safe='')}#end" if alert else "/chat#end")


PAGE = ConsolePage(
    name="chat",
    path="/chat",
    template="chat/page.html",
    query=("alert", "before"),
    regions=(
        Region("alert", "chat/alert.html", _alert, frozenset({Topic.ALERTS})),
        Region("log", "chat/log.html", _log, frozenset({Topic.CHAT, Topic.ALERTS})),
    ),
    actions=(
        PageAction("say", _say, for_viewers=True),
        PageAction("details", _asks(Intent.DETAILS), for_viewers=True),
        PageAction("why", _asks(Intent.WHY), for_viewers=True),
        PageAction("ack", _asks(Intent.ACKNOWLEDGE)),
        PageAction("unsilence", _asks(Intent.UNSILENCE)),
        PageAction("silence", _silence),
    ),
)
