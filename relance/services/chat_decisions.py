"""What people decide in the chat: acknowledge, silence, end a silence (SPEC K3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from glob import escape

from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.alerts.suppression import Matcher, Silence, exact_matcher
from relance.domain.conversation import Intent, Request
from relance.domain.failures import Severity
from relance.services.alerts import AlertService, silence_of
from relance.services.chat_answers import ChatReply, Speaker
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.conversation.about_alerts import lines
from relance.wording.conversation.languages import CHAT_WORDS
from relance.wording.conversation.said import when


@dataclass(frozen=True, slots=True)
class ChatDecisions:
    """Decides through the alert service; every decision is recorded with its author and where it came from."""

    service: AlertService

    async def decide(self, asked: Request, alerts: Sequence[AlertRecord], speaker: Speaker, at: datetime) -> ChatReply:
        """Do what was decided about these alerts, at least one, and return what came of it."""
        open_ones = [alert for alert in alerts if alert.is_open]
        if not open_ones:
            return ChatReply(CHAT_WORDS[speaker.language].sorry_title, CHAT_WORDS[speaker.language].over)
        match asked.intent:
            case Intent.ACKNOWLEDGE:
                return await self._acknowledge(open_ones, speaker)
            case Intent.UNSILENCE:
                return await self._unsilence(open_ones, speaker, at)
            case _:
                return await self._silence(asked, open_ones, speaker, at)

    async def _acknowledge(self, alerts: Sequence[AlertRecord], speaker: Speaker) -> ChatReply:
        words = CHAT_WORDS[speaker.language]
        before = {alert.acknowledged_by or "?" for alert in alerts if alert.state is AlertState.ACKNOWLEDGED}
        decided = await self.service.take_on(alerts, speaker.author, speaker.via)
        if not decided:
            return ChatReply(words.sorry_title, words.over)
        text = LANGUAGES[speaker.language].figures.counted(words.acknowledged, len(decided), author=speaker.author)
        already = words.already.format(author=", ".join(sorted(before))) if before - {speaker.author} else ""
        return _about(decided, words.acknowledged_title, " ".join(filter(None, [text, already])), speaker.language)

    async def _silence(
        self, asked: Request, alerts: Sequence[AlertRecord], speaker: Speaker, at: datetime
    ) -> ChatReply:
        words = CHAT_WORDS[speaker.language]
        assert asked.until is not None
        refusal = _refusal(asked, alerts, speaker.language)
        if refusal is not None:
            return refusal
        now = self.service.clock.now()
        active = await self.service.silences.active(now)
        held: dict[str, AlertRecord] = {}
        who = {"author": speaker.author, "via": speaker.via, "reason": asked.reason}
        for matcher in _matchers(asked, alerts):
            wanted = silence_of(matcher, **who, start=now, end=asked.until, active=active)
            held |= {alert.key: alert for alert in await self.service.silence(wanted)}
        until = when(asked.until, at, speaker.language)
        text = words.silenced.format(author=speaker.author, until=until, reason=asked.reason)
        if len(alerts) > 1:
            text += "\n" + words.whole_rule.format(rule=alerts[0].rule)
        return _about(list(held.values()) or alerts, words.silenced_title, text, speaker.language)

    async def _unsilence(self, alerts: Sequence[AlertRecord], speaker: Speaker, at: datetime) -> ChatReply:
        words = CHAT_WORDS[speaker.language]
        active = await self.service.silences.active(self.service.clock.now())
        holding = [silence for silence in active if any(silence.matcher.matches(alert) for alert in alerts)]
        own = [silence for silence in holding if any(_is_of(silence, alert) for alert in alerts)]
        wider = [silence for silence in holding if silence not in own]
        if not own:
            text = words.nothing_silenced if not wider else ""
        else:
            await self.service.unsilence(own, [silence.matcher for silence in own], speaker.author, speaker.via)
            text = words.unsilenced.format(author=speaker.author)
        rest = [
            words.wider.format(
                author=silence.author,
                until=when(silence.ends_at, at, speaker.language),
                reason=silence.reason,
                id=silence.id[:8],
            )
            for silence in wider
        ]
        title = words.unsilenced_title if own else words.sorry_title
        return _about(alerts, title, "\n".join(filter(None, [text, *rest])), speaker.language)


def _about(alerts: Sequence[AlertRecord], title: str, text: str, language: str) -> ChatReply:
    return ChatReply(title, text, lines(alerts, language), about=tuple(alert.key for alert in alerts))


def _refusal(asked: Request, alerts: Sequence[AlertRecord], language: str) -> ChatReply | None:
    words = CHAT_WORDS[language]
    first = alerts[0]
    if len({alert.rule for alert in alerts}) > 1:
        return _about(alerts, words.sorry_title, words.several_rules, language)
    if not asked.critical and any(alert.severity is Severity.CRITICAL for alert in alerts):
        return _about(alerts, words.sorry_title, words.critical, language)
    if len(alerts) == 1 and exact_matcher(first, None) is None:
        return _about(alerts, words.sorry_title, words.too_long.format(rule=first.rule), language)
    return None


def _matchers(asked: Request, alerts: Sequence[AlertRecord]) -> list[Matcher]:
    """Return what is silenced: this alert alone, or where several are meant their whole rule."""
    severities = {Severity.CRITICAL if alert.severity is Severity.CRITICAL else None for alert in alerts}
    wanted = [severity for severity in severities if severity is None or asked.critical]
    if len(alerts) == 1:
        return [matcher for severity in wanted if (matcher := exact_matcher(alerts[0], severity))]
    return [Matcher(rule=escape(alerts[0].rule), severity=severity) for severity in wanted]


def _is_of(silence: Silence, alert: AlertRecord) -> bool:
    """Return whether a silence is about just this alert or its rule; a wider one holds more than was spoken of."""
    return silence.matcher.rule == escape(alert.rule) and silence.matcher.subject in {"*", escape(alert.subject)}
