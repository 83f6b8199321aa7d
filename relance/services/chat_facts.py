"""What people ask in the chat: details, why, status, help. Nothing is changed by it (SPEC K3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.domain.alerts.model import AlertRecord
from relance.domain.alerts.policy import AlertPolicy
from relance.domain.conversation import Intent, Name, NameKind, Request
from relance.errors import InvalidInput, NotFound
from relance.ids import parse_invitation_id
from relance.ports import Alerts
from relance.services.chat_answers import ChatReply, Speaker
from relance.services.chat_status import ChatStatus
from relance.services.people_explaining import PeopleExplaining
from relance.wording.alerts.messages import details_message
from relance.wording.conversation.about_alerts import lines, rule_name, why_told
from relance.wording.conversation.languages import CHAT_WORDS
from relance.wording.saying import said

MOST_WHY = 5
"""Alerts that "why" explains one by one."""


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """Answers questions from the stored alerts, the ledger and the plans; `policy` says how alerts are told."""

    alerts: Alerts
    people: PeopleExplaining
    status: ChatStatus
    policy: AlertPolicy

    async def answer(self, asked: Request, about: Sequence[str], speaker: Speaker, at: datetime) -> ChatReply:
        """Return the answer to a question about an id, or about these alerts."""
        words = CHAT_WORDS[speaker.language]
        if asked.intent is Intent.STATUS:
            return await self.status.reply(asked.name, speaker, at)
        if asked.intent is Intent.WHY and asked.name is not None and asked.name.kind is not NameKind.ALERT:
            return await self._why_sent(asked.name, speaker, at)
        if asked.intent in {Intent.HELP, Intent.NO}:
            is_help = asked.intent is Intent.HELP
            return ChatReply(words.help_title, "", words.help) if is_help else ChatReply(words.sorry_title, words.left)
        alerts = await self.alerts_meant(asked.name, about)
        if not alerts:
            return await self.which(asked.name, speaker.language)
        is_why = asked.intent is Intent.WHY
        return self._why_told(alerts, speaker, at) if is_why else details(alerts, at, speaker.language)

    async def alerts_meant(self, name: Name | None, about: Sequence[str]) -> list[AlertRecord]:
        """Return the alerts with a name, open ones first and else the newest that was, or those that are talked of."""
        if name is None:
            found = await self.alerts.newest(about) if about else {}
            return [found[key] for key in about if key in found]
        return await self.alerts_named(name.text)

    async def alerts_named(self, name: str) -> list[AlertRecord]:
        """Return the open alerts with this key, id or group, or else the newest that had the key."""
        open_ones = [alert for alert in await self.alerts.open() if name in {alert.key, alert.id, alert.group}]
        return open_ones or list((await self.alerts.newest([name])).values())

    async def which(self, name: Name | None, language: str) -> ChatReply:
        """Return the question which alert is meant, with those that are open."""
        words = CHAT_WORDS[language]
        open_ones = await self.alerts.open()
        if name is not None:
            return await self.unknown(name.text, language)
        if not open_ones:
            return ChatReply(words.sorry_title, words.no_alert)
        return ChatReply(words.sorry_title, words.which, lines(open_ones, language))

    async def unknown(self, name: str, language: str) -> ChatReply:
        """Return that there is nothing with this name."""
        words = CHAT_WORDS[language]
        return ChatReply(words.sorry_title, words.unknown_name.format(name=name))

    def sorry(self, sentence: str, language: str) -> ChatReply:
        """Return one of the sentences that say why nothing was done."""
        words = CHAT_WORDS[language]
        return ChatReply(words.sorry_title, {"viewer": words.viewer, "no_offer": words.no_offer}[sentence])

    def no_answer(self, dependency: str, language: str, *, decided: bool) -> ChatReply:
        """Return that a server is away; what was decided is stored by then."""
        words = CHAT_WORDS[language]
        pattern = words.stored_first if decided else words.no_answer
        return ChatReply(words.sorry_title, pattern.format(dependency=dependency))

    def _why_told(self, alerts: Sequence[AlertRecord], speaker: Speaker, at: datetime) -> ChatReply:
        title = CHAT_WORDS[speaker.language].why_alert_title.format(rule=rule_name(alerts[0].rule, speaker.language))
        told = [why_told(alert, self.policy, at, speaker.language) for alert in alerts[:MOST_WHY]]
        rows = told[0][1] if len(told) == 1 else ()
        about = tuple(alert.key for alert in alerts)
        return ChatReply(title, "\n\n".join(text for text, _ in told), rows, about=about, severity=alerts[0].severity)

    async def _why_sent(self, name: Name, speaker: Speaker, at: datetime) -> ChatReply:
        if name.kind is NameKind.PERIOD:
            return await self.status.reply(name, speaker, at)
        for explain in self._explanations(name.kind):
            try:
                found = await explain(name.text)
            except (NotFound, InvalidInput):
                continue
            title = CHAT_WORDS[speaker.language].why_title.format(name=name.text)
            told = [
                (own, [said(sentence, speaker.language) or sentence for sentence in sentences])
                for own, sentences in found
            ]
            return ChatReply(title, "\n\n".join("\n".join([own, *sentences]) for own, sentences in told))
        return await self.unknown(name.text, speaker.language)

    def _explanations(self, kind: NameKind) -> list[Callable[[str], Awaitable[list[tuple[str, list[str]]]]]]:
        people = self.people

        async def invitation(name: str) -> list[tuple[str, list[str]]]:
            return [(name, (await people.explaining.invitation(parse_invitation_id(name))).sentences)]

        by_kind: dict[NameKind, list[Callable[[str], Awaitable[list[tuple[str, list[str]]]]]]] = {
            NameKind.INVITATION: [invitation],
            NameKind.USER: [people.user],
            NameKind.CONTACT: [people.contact],
            NameKind.ANY: [people.user, people.contact],
        }
        return by_kind.get(kind, [])


def details(alerts: Sequence[AlertRecord], at: datetime, language: str) -> ChatReply:
    """Return the details of alerts; of several rules, one after the other."""
    by_rule: dict[str, list[AlertRecord]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    found = [details_message(some, key="details", at=at, language=language, for_chat=True) for some in by_rule.values()]
    first = found[0]
    text = "\n\n".join([first.text, *(f"{message.title}\n{message.text}" for message in found[1:])])
    return ChatReply(first.title, text, about=tuple(alert.key for alert in alerts), severity=first.severity)
