"""The chat: reads what people write, does it through the other services, and keeps it so that all see the same.

Both what was asked and what was answered are messages of the inbox, in the order in which they were stored. Kept of a
question is what was understood, never its words (SPEC K3, section 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.domain.channels.chat_message import ChatMessage
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.conversation import DECIDING, Intent, Misunderstood, NameKind, Request, read
from relance.domain.failures import Severity
from relance.domain.zones import zone_info
from relance.errors import DependencyUnavailable
from relance.ids import chat_answer_key, chat_turn_key
from relance.ports import ChatMessages, Clock
from relance.services.chat_answers import ChatReply, Speaker, apology
from relance.services.chat_decisions import ChatDecisions
from relance.services.chat_facts import ChatFacts
from relance.wording.conversation.said import kept

LOOKED_BACK = 20
"""Newest messages among which the last one of ours is looked for."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is being talked of: alerts by their keys, or else the last message of ours up to the number `seen`."""

    about: tuple[str, ...] = ()
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class ChatService:
    """Answers people; `facts` answers questions, `decisions` does what they decide."""

    messages: ChatMessages
    facts: ChatFacts
    decisions: ChatDecisions
    clock: Clock

    async def say(self, speaker: Speaker, text: str, context: Context, key: str) -> OutgoingMessage | None:
        """Answer what a person wrote; see `ask`."""
        names = {name for alert in await self.facts.alerts.open() for name in (alert.key, alert.group, alert.id)}
        asked = read(text, now=self.clock.now(), zone=speaker.zone, names=names)
        return await self.ask(speaker, asked, context, key)

    async def ask(
        self, speaker: Speaker, asked: Request | Misunderstood, context: Context, key: str
    ) -> OutgoingMessage | None:
        """Do what is asked, and keep question and answer; return the answer.

        The same `key` again is the same question, however often it is sent: it gets no second answer, and None is
        returned.

        Raises:
            DependencyUnavailable: the database cannot be reached; nothing was decided, or it may be asked again.
        """
        now = self.clock.now()
        at = now.astimezone(zone_info(speaker.zone))
        turn, answer = chat_turn_key(speaker.via, key), chat_answer_key(speaker.via, key)
        if await self.messages.has(answer):
            return None
        await self.messages.add(
            OutgoingMessage(
                key=turn,
                severity=Severity.LOW,
                title="",
                text=kept(asked, at, speaker.language),
                at=at,
                language=speaker.language,
                about=context.about,
                author=speaker.author,
                via=speaker.via,
            )
        )
        reply = await self._reply(speaker, asked, context, at)
        message = reply.message(answer, at, speaker.language)
        await self.messages.add(message)
        return message

    async def _reply(
        self, speaker: Speaker, asked: Request | Misunderstood, context: Context, at: datetime
    ) -> ChatReply:
        last = None if context.about else await self._last(context.seen)
        about = last.about if last is not None else context.about
        try:
            if isinstance(asked, Misunderstood):
                return apology(asked, speaker.language)
            if asked.intent in DECIDING:
                return await self._decided(speaker, asked, about, at)
            if asked.intent is Intent.YES:
                return await self._accepted(last, about, speaker, at)
            return await self.facts.answer(asked, about, speaker, at)
        except DependencyUnavailable as error:
            if error.dependency == "MongoDB":
                raise
            return self.facts.no_answer(error.dependency, speaker.language, decided=_decides(asked))

    async def _decided(self, speaker: Speaker, asked: Request, about: Sequence[str], at: datetime) -> ChatReply:
        if not speaker.may_decide:
            return self.facts.sorry("viewer", speaker.language)
        if asked.name is not None and asked.name.kind not in {NameKind.ALERT, NameKind.ANY}:
            return await self.facts.unknown(asked.name.text, speaker.language)
        alerts = await self.facts.alerts_meant(asked.name, about)
        if not alerts:
            return await self.facts.which(asked.name, speaker.language)
        return await self.decisions.decide(asked, alerts, speaker, at)

    async def _accepted(
        self, last: ChatMessage | None, about: Sequence[str], speaker: Speaker, at: datetime
    ) -> ChatReply:
        """Return what the last message offered; a person who speaks of one alert is always offered its details."""
        if not about or (last is not None and not last.offer):
            return self.facts.sorry("no_offer", speaker.language)
        return await self.facts.answer(Request(Intent.DETAILS), about, speaker, at)

    async def _last(self, seen: int | None) -> ChatMessage | None:
        newest = await self.messages.latest(LOOKED_BACK, before=None if seen is None else seen + 1)
        return next((message for message in reversed(newest) if not message.author), None)


def _decides(asked: Request | Misunderstood) -> bool:
    return isinstance(asked, Request) and asked.intent in DECIDING
