"""Where conditions and decisions about alerts come in: first the database, then the group's workflow (SPEC A1-A3).

Checks, jobs, the CLI and later the gateway all come in here. Every call is idempotent: a process that dies between the
database and the workflow says it again, and what the workflow knows already changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from relance.contracts.alerts import Decided, Inhibited, Sighted, SilencedKeys
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, HistoryEntry
from relance.domain.alerts.suppression import INHIBITS, Matcher, Silence, inhibited_rules, inhibitor, silenced_until
from relance.errors import NotFound
from relance.ids import alert_key
from relance.ports import AlertGroups, Alerts, Clock, Silences


@dataclass(frozen=True, slots=True)
class AlertService:
    """Takes in what was seen and what people decided.

    alerts, silences: the truth. groups: the workflows that deliver, each in its own time.
    """

    alerts: Alerts
    silences: Silences
    groups: AlertGroups
    clock: Clock

    async def observe(self, group: str, conditions: Sequence[Condition], observation: str) -> list[AlertRecord]:
        """Take the whole result of one check run: what it does not name is gone; return the alerts it keeps open.

        A run that was overtaken by a later one changes nothing.
        """
        if observation < await self.alerts.latest_observation(group):
            return []
        taken = await self._take(conditions)
        gone = {alert.key for alert in await self.alerts.open(group)} - taken.keys()
        if taken or gone:
            await self._notify(group, taken, conditions, gone, observation=observation, whole=True)
        return list(taken.values())

    async def fire(self, conditions: Sequence[Condition]) -> list[AlertRecord]:
        """Take conditions that are there; the others of their groups stay as they are."""
        taken = await self._take(conditions)
        for group, those in _by_group(conditions).items():
            await self._notify(group, taken, those, ())
        return list(taken.values())

    async def clear(self, rule: str, subject: str, observation: str = "") -> bool:
        """Take that one condition is gone, as of an observation; return whether there was an alert about it."""
        key = alert_key(rule, subject)
        alert = (await self.alerts.newest([key])).get(key)
        if alert is None or not alert.is_open or (observation and observation < alert.observation):
            return False
        await self._notify(alert.group, {}, (), {key})
        return True

    async def acknowledge(self, target: str, by: str) -> list[AlertRecord]:
        """Take that a person looks after an alert, or after all of a group.

        Raises:
            NotFound: nothing with that key or group is open.
        """
        return await self.take_on(await self.matching(target), by)

    async def take_on(self, alerts: Sequence[AlertRecord], by: str, via: str | None = None) -> list[AlertRecord]:
        """Take that a person looks after these alerts; return those that are still open."""
        entry = HistoryEntry(at=self.clock.now(), event=AlertEvent.ACKNOWLEDGED, by=by, via=via)
        return await self._decide(alerts, entry)

    async def silence(self, silence: Silence) -> list[AlertRecord]:
        """Store a silence and apply it to the open alerts it matches; alerts that open later are born under it."""
        await self.silences.add(silence)
        now = self.clock.now()
        active = await self.silences.active(now)
        entry = _silencing(silence, now)
        ends: dict[datetime, list[AlertRecord]] = {}
        for alert in await self.alerts.open():
            if silence.matcher.matches(alert):
                # A short silence does not end a longer one.
                longest = max(silence.ends_at, silenced_until(alert, active, now) or silence.ends_at)
                ends.setdefault(longest, []).append(alert)
        return [alert for end, alerts in ends.items() for alert in await self._decide(alerts, entry, end)]

    async def unsilence(
        self, silences: Sequence[Silence], matchers: Sequence[Matcher], by: str, via: str | None = None
    ) -> list[AlertRecord]:
        """End silences; return the open alerts that none holds back any more.

        Alerts that `matchers` name are freed too when nothing holds them back: a call after a crash in between frees
        them.
        """
        now = self.clock.now()
        await self.silences.end([silence.id for silence in silences], now, by)
        active = await self.silences.active(now)
        named = (*matchers, *(silence.matcher for silence in silences))
        meant = [alert for alert in await self.alerts.open() if any(silence.matches(alert) for silence in named)]
        held = [alert for alert in meant if alert.state is AlertState.SILENCED]
        ends = {alert.key: silenced_until(alert, active, now) for alert in held}
        for silence in active:
            # Another silence holds, but not for as long.
            keys = [
                alert.key
                for alert in held
                if ends[alert.key] == silence.ends_at and silence.ends_at != alert.silenced_until
            ]
            if keys:
                entry = _silencing(silence, now)
                await self._decide([alert for alert in held if alert.key in keys], entry, silence.ends_at)
        free = [alert for alert in held if ends[alert.key] is None]
        entry = HistoryEntry(at=now, event=AlertEvent.SILENCE_ENDED, by=by, via=via)
        freed = await self.alerts.decide([alert.key for alert in free], entry)
        # A silence that ends at once; also for those that the database knows to be free, and their group may not.
        concerned = [*freed, *(alert for alert in meant if alert.state is AlertState.FIRING)]
        for group in sorted({alert.group for alert in concerned}):
            keys = [alert.key for alert in concerned if alert.group == group]
            await self.groups.notify(group, Decided(keys=tuple(keys), until=now))
        return freed

    async def matching(self, target: str) -> list[AlertRecord]:
        """Return the open alerts with this key or of this group.

        Raises:
            NotFound: there is none.
        """
        found = [alert for alert in await self.alerts.open() if target in {alert.key, alert.group}]
        if not found:
            raise NotFound(f"KEY: no open alert has the key or group {target!r}; `alerts list` shows the open ones")
        return found

    async def inhibit(self, cause: str) -> None:
        """Signal the groups that a rule inhibits whether it is still open."""
        by = cause if await self.alerts.open_rules([cause]) else None
        for rule in sorted(inhibited_rules(cause)):
            await self.groups.notify(rule, Inhibited(by=by))

    async def _take(self, conditions: Iterable[Condition]) -> dict[str, AlertRecord]:
        by_key = {alert_key(condition.rule, condition.subject): condition for condition in conditions}
        if not by_key:
            return {}
        now = self.clock.now()
        taken = await self.alerts.take(by_key, now)
        quiet = await self._under_silence(taken, now)
        return {alert.key: quiet.get(alert.key, alert) for alert in taken}

    async def _under_silence(self, taken: Sequence[AlertRecord], now: datetime) -> dict[str, AlertRecord]:
        silences = await self.silences.active(now)
        under: dict[tuple[str, str, datetime], list[str]] = {}
        for alert in taken:
            until = silenced_until(alert, silences, now)
            if until is not None and alert.state is AlertState.FIRING:
                silence = next(each for each in silences if each.ends_at == until and each.matcher.matches(alert))
                under.setdefault((silence.author, silence.reason, until), []).append(alert.key)
        quiet: dict[str, AlertRecord] = {}
        for (author, reason, until), keys in under.items():
            entry = HistoryEntry(at=now, event=AlertEvent.SILENCED, by=author, detail=reason)
            quiet |= {alert.key: alert for alert in await self.alerts.decide(keys, entry, until)}
        return quiet

    async def _notify(
        self,
        group: str,
        taken: Mapping[str, AlertRecord],
        conditions: Sequence[Condition],
        gone: Collection[str],
        *,
        observation: str = "",
        whole: bool = False,
    ) -> None:
        keys = {alert_key(condition.rule, condition.subject): condition for condition in conditions}
        rules = {condition.rule for condition in conditions} or {group}
        open_causes = await self.alerts.open_rules(sorted(INHIBITS))
        news = Sighted(
            firings=tuple(condition.firing(key) for key, condition in keys.items() if key in taken),
            gone=tuple(sorted(gone)),
            observation=observation,
            whole=whole,
            silenced=_silenced(taken[key] for key in keys if key in taken),
            inhibited_by=next((by for rule in sorted(rules) if (by := inhibitor(rule, open_causes))), None),
        )
        if news.firings or news.gone:
            await self.groups.sighted(group, news)

    async def _decide(
        self, alerts: Sequence[AlertRecord], entry: HistoryEntry, until: datetime | None = None
    ) -> list[AlertRecord]:
        decided = await self.alerts.decide([alert.key for alert in alerts], entry, until)
        for group in sorted({alert.group for alert in decided}):
            keys = tuple(alert.key for alert in decided if alert.group == group)
            await self.groups.notify(group, Decided(keys=keys, until=until))
        return decided


def _silencing(silence: Silence, at: datetime) -> HistoryEntry:
    return HistoryEntry(at=at, event=AlertEvent.SILENCED, by=silence.author, detail=silence.reason, via=silence.via)


def silence_of(
    matcher: Matcher,
    *,
    reason: str,
    author: str,
    start: datetime,
    end: datetime,
    active: Sequence[Silence],
    via: str | None = None,
) -> Silence:
    """Return the silence to store: the same person's for the same reason again is the same silence, with a new end."""
    for silence in active:
        if (silence.matcher, silence.reason, silence.author) == (matcher, reason, author):
            return silence.model_copy(update={"ends_at": end})
    return Silence(id=uuid4().hex, matcher=matcher, reason=reason, author=author, starts_at=start, ends_at=end, via=via)


def _by_group(conditions: Iterable[Condition]) -> dict[str, list[Condition]]:
    groups: dict[str, list[Condition]] = {}
    for condition in conditions:
        groups.setdefault(condition.group, []).append(condition)
    return groups


def _silenced(alerts: Iterable[AlertRecord]) -> tuple[SilencedKeys, ...]:
    ends: dict[datetime, list[str]] = {}
    for alert in alerts:
        if alert.state is AlertState.SILENCED and alert.silenced_until is not None:
            ends.setdefault(alert.silenced_until, []).append(alert.key)
    return tuple(SilencedKeys(keys=tuple(keys), until=until) for until, keys in sorted(ends.items()))
