"""How the cycle is going and what is open, for the chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relance.domain.conversation import Name, NameKind
from relance.domain.cycle.control import ControlState
from relance.ports import Alerts, Controls, Ledger, Plans
from relance.services.chat_answers import ChatReply, Speaker
from relance.services.cycle_statistics import balance_period
from relance.wording.alerts.languages import LANGUAGES
from relance.wording.conversation.about_alerts import lines
from relance.wording.conversation.languages import CHAT_WORDS
from relance.wording.conversation.said import when


@dataclass(frozen=True, slots=True)
class ChatStatus:
    """Answers from the database alone, so also while Temporal is away."""

    ledger: Ledger
    plans: Plans
    controls: Controls
    alerts: Alerts

    async def reply(self, name: Name | None, speaker: Speaker, at: datetime) -> ChatReply:
        """Return the state of a period's cycle, the newest one by default, and the open alerts."""
        words, alert_words = CHAT_WORDS[speaker.language], LANGUAGES[speaker.language]
        periods = await self.plans.periods()
        wanted = name.text if name is not None and name.kind is NameKind.PERIOD else None
        period = wanted or next(iter(periods), f"{at:%Y-%m}")
        text = words.no_cycle.format(period=period)
        if period in periods:
            text = await self._cycle(period, speaker, at)
        open_ones = await self.alerts.open()
        if not open_ones:
            return ChatReply(words.status_title, f"{text}\n{words.no_alert}")
        text += "\n" + alert_words.figures.counted(words.open_alerts, len(open_ones))
        rows = lines(open_ones, speaker.language)
        if len({alert.group for alert in open_ones}) > 1:
            # What is said next must name one of them.
            return ChatReply(words.status_title, text, rows)
        return ChatReply(words.status_title, text, rows, alert_words.offer, tuple(alert.key for alert in open_ones))

    async def _cycle(self, period: str, speaker: Speaker, at: datetime) -> str:
        words, figures = CHAT_WORDS[speaker.language], LANGUAGES[speaker.language].figures
        control = await self.controls.get(period)
        found = await balance_period(self.ledger, self.plans, period)
        by = f" {words.by.format(author=control.by)}" if control.by else ""
        counts = {
            "sent": figures.whole(found.sent),
            "skipped": figures.whole(sum(found.skipped.values())),
            "failed": figures.whole(sum(found.failed.values())),
            "open": figures.whole(found.open),
        }
        said = [words.counts.format(**counts)]
        said.append(figures.counted(words.to_go, found.plans_open) if found.plans_open else words.ended)
        coming = await self.plans.next_instant(period)
        if coming is not None and control.state is ControlState.RUNNING:
            instant, users = coming
            said.append(figures.counted(words.next_send, users, time=when(instant, at, speaker.language)))
        return "\n".join([words.cycle[control.state].format(period=period, by=by), " ".join(said)])
