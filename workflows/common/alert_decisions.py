"""What a signal says that people decided about alerts counts as the database has it: anybody may send a signal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from temporalio import workflow

from workflows.common.from_now_on import FromNowOn
from workflows.common.options import LOOK_UP

with workflow.unsafe.imports_passed_through():
    from activities.alerts import AlertDelivery
    from relance.contracts.alerts import (
        Decided,
        DecisionsInput,
        Inhibited,
        Sighted,
        SilencedKeys,
        StoredDecision,
        StoredDecisions,
    )
    from relance.domain.alerts.model import AlertState
    from relance.domain.alerts.suppression import inhibited_rules, inhibitor
    from relance.ids import alert_rule

News = Sighted | Decided | Inhibited
KEYS_AT_ONCE = 1000


class Decisions:
    """Looks decisions about the alerts of one group up."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._looks_up = FromNowOn("decisions-looked-up")

    async def stored(self, news: Sequence[News]) -> list[News]:
        """Return the news with each decision replaced by the stored one; one that is not stored was never made."""
        keys = list(dict.fromkeys(key for part in news for key in _claimed(part)))
        if not (keys or any(map(_needs_causes, news))) or not self._looks_up.holds():
            return list(news)
        known = await self._look_up(keys)
        return [true for part in news for true in as_stored(self._group, part, known, workflow.now())]

    async def _look_up(self, keys: Sequence[str]) -> StoredDecisions:
        known = StoredDecisions()
        for start in range(0, max(len(keys), 1), KEYS_AT_ONCE):
            some = tuple(keys[start : start + KEYS_AT_ONCE])
            found = await workflow.execute_activity_method(
                AlertDelivery.look_up_decisions,
                DecisionsInput(group=self._group, keys=some),
                summary="look up what was decided",
                **LOOK_UP,
            )
            known = StoredDecisions(alerts=known.alerts + found.alerts, causes=found.causes)
        return known


def as_stored(group: str, news: News, known: StoredDecisions, now: datetime) -> Iterator[News]:
    """Yield what the database says instead of what a signal claims."""
    match news:
        case Sighted():
            alerts = [alert for alert in known.alerts if alert.key in _claimed(news)]
            rules = {group, *(alert_rule(firing.key) for firing in news.firings)}
            explained = news.inhibited_by in known.causes and rules & inhibited_rules(news.inhibited_by or "")
            silenced = tuple(SilencedKeys(keys=keys, until=end) for end, keys in _silences(alerts))
            yield news.model_copy(
                update={"silenced": silenced, "inhibited_by": news.inhibited_by if explained else None}
            )
        case Inhibited():
            yield Inhibited(by=inhibitor(group, known.causes))
        case Decided():
            alerts = [alert for alert in known.alerts if alert.key in news.keys]
            if taken := tuple(alert.key for alert in alerts if alert.state is AlertState.ACKNOWLEDGED):
                yield Decided(keys=taken)
            for end, keys in _silences(alerts):
                yield Decided(keys=keys, until=end)
            free = tuple(alert.key for alert in alerts if alert.state is AlertState.FIRING)
            # A silence was taken back. Anything else that claims to be decided about a firing alert is not stored.
            if free and news.until is not None and news.until <= now:
                yield Decided(keys=free, until=news.until)


def _claimed(news: News) -> tuple[str, ...]:
    match news:
        case Decided():
            return news.keys
        case Sighted():
            return tuple(key for silenced in news.silenced for key in silenced.keys)
    return ()


def _needs_causes(news: News) -> bool:
    return isinstance(news, Inhibited) or (isinstance(news, Sighted) and news.inhibited_by is not None)


def _silences(alerts: Iterable[StoredDecision]) -> list[tuple[datetime, tuple[str, ...]]]:
    ends: dict[datetime, tuple[str, ...]] = {}
    for alert in alerts:
        if alert.state is AlertState.SILENCED and alert.silenced_until is not None:
            ends[alert.silenced_until] = (*ends.get(alert.silenced_until, ()), alert.key)
    return sorted(ends.items())
