"""Delivers alerts: looks up the channels, posts one message to one channel, records what happened (SPEC A2, A5, A6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.attempt import heartbeating
from activities.errors import translated
from relance import ids
from relance.contracts.alerts import (
    AlertEntry,
    ChannelRoutes,
    DecisionsInput,
    Posted,
    PostInput,
    RecordInput,
    StoredDecision,
    StoredDecisions,
)
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertEvent, AlertRecord, HistoryEntry
from relance.domain.alerts.routing import AlertRoute
from relance.domain.alerts.suppression import INHIBITS
from relance.domain.channels.channel_state import ChannelCondition, after, is_usable
from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.errors import ChannelError, ChannelGone, ChannelRefused
from relance.ports import Channel, ChannelStates, Clock, Illustrator, Meter
from relance.services.alerts import AlertService
from relance.wording.alerts.messages import alert_message, details_message

_ILLUSTRATED = {
    NotificationKind.FIRING,
    NotificationKind.WORSENED,
    NotificationKind.REPEAT,
    NotificationKind.ESCALATION,
}
_CAUSE_MOVED = {AlertEvent.OPENED, AlertEvent.RESOLVED}


@dataclass(frozen=True, slots=True)
class Address:
    """The target of one channel. `fingerprint` changes with the address and does not reveal it."""

    channel: Channel
    fingerprint: str


@dataclass(frozen=True, slots=True)
class MessageLocale:
    """How messages are written: the language, the zone whose clock they show, the page that says what to do.

    `console` is how the gateway is called from outside, if people can answer in its console.
    """

    language: str
    zone: str
    runbook_url: str | None = None
    console: str | None = None


@dataclass(frozen=True, slots=True)
class AlertDelivery:
    """Notify people; `always` and `order` are the channels' names as the settings have them.

    The first of `routes` that takes an alert names its channels instead; the last one takes everything.
    """

    alert_service: AlertService
    states: ChannelStates
    addresses: Mapping[str, Address]
    always: Sequence[str]
    order: Sequence[str]
    illustrator: Illustrator
    voice: MessageLocale
    clock: Clock
    meter: Meter
    routes: Sequence[AlertRoute] = ()

    @activity.defn
    async def ways(self) -> ChannelRoutes:
        """Return the channels that may be written to."""
        with translated():
            states = await self.states.all()
        usable = {name for name, target in self.addresses.items() if is_usable(states.get(name), target.fingerprint)}
        return ChannelRoutes(
            **_used(self.always, self.order, usable),
            routes=tuple(route.model_copy(update=_used(route.always, route.order, usable)) for route in self.routes),
        )

    @activity.defn
    async def post(self, request: PostInput) -> Posted:
        """Hand one message to one channel.

        A process that dies before this is recorded posts it once more, with the same key.
        """
        async with heartbeating(lambda: None):
            with translated():
                message = await self._message(request)
                return await self.deliver(request.channel, message)

    @activity.defn
    async def record(self, request: RecordInput) -> None:
        """Add what happened to the alerts' histories, and tell the groups that this one explains away."""
        entries: dict[str, list[HistoryEntry]] = {}
        for entry in request.entries:
            entries.setdefault(entry.key, []).append(_history(entry))
        with translated():
            await self.alert_service.alerts.record(entries)
            if request.group in INHIBITS and any(entry.event in _CAUSE_MOVED for entry in request.entries):
                await self.alert_service.inhibit(request.group)
        self._count(request.entries)

    @activity.defn
    async def look_up_decisions(self, request: DecisionsInput) -> StoredDecisions:
        """Return what is stored of these alerts and of what may explain the group away: a signal may be forged."""
        alerts = self.alert_service.alerts
        with translated():
            found = await alerts.newest(request.keys)
            causes = await alerts.open_rules(sorted(INHIBITS))
        return StoredDecisions(
            alerts=tuple(
                StoredDecision(key=key, state=alert.state, silenced_until=alert.silenced_until)
                for key, alert in sorted(found.items())
                if alert.is_open and alert.group == request.group
            ),
            causes=tuple(sorted(causes)),
        )

    async def deliver(self, name: str, message: OutgoingMessage) -> Posted:
        """Hand a message to a channel and note how the channel fares.

        Raises:
            ChannelError: it did not take it.
        """
        address = self.addresses[name]
        try:
            delivered = await address.channel.deliver(message)
        except ChannelError as error:
            gone = isinstance(error, ChannelGone)
            self.meter.alert_message(name, _result(error))
            await self._note(name, ChannelCondition.GONE if gone else ChannelCondition.FAILING, error.detail)
            raise
        self.meter.alert_message(name, "repeated" if delivered.repeated else "delivered")
        await self._note(name, ChannelCondition.WORKING)
        return Posted(channel=name, repeated=delivered.repeated)

    async def _message(self, request: PostInput) -> OutgoingMessage:
        found = await self.alert_service.alerts.newest([line.key for line in request.lines])
        alerts = [found[line.key] for line in request.lines if line.key in found]
        key = ids.alert_message_key(request.group, request.opened_at, request.sequence, request.route)
        at = request.at.astimezone(ZoneInfo(self.voice.zone))
        if request.details:
            return details_message(
                alerts,
                key=ids.alert_details_key(key, request.at),
                at=at,
                language=self.voice.language,
                next_repeat=request.next_repeat,
                runbook_url=self.voice.runbook_url,
            )
        return alert_message(
            request.telling,
            alerts,
            key=key,
            at=at,
            language=self.voice.language,
            details_url=self._answered_at(alerts),
            attachments=await self._attachments(request.telling, alerts, key),
            runbook_url=self.voice.runbook_url,
        )

    def _answered_at(self, alerts: Sequence[AlertRecord]) -> str | None:
        if self.voice.console is None or not alerts:
            return None
        return ids.alert_address(self.voice.console, alerts[0].key if len(alerts) == 1 else alerts[0].group)

    async def _attachments(
        self, telling: NotificationKind, alerts: Sequence[AlertRecord], key: str
    ) -> tuple[Attachment, ...]:
        return await self.illustrator.attachments(alerts, key, self.voice.language) if telling in _ILLUSTRATED else ()

    def _count(self, entries: Sequence[AlertEntry]) -> None:
        for entry in entries:
            # Other events' details are people's and channels' words, which have no end.
            reason = entry.detail if entry.event is AlertEvent.SUPPRESSED else None
            self.meter.alert_event(ids.alert_rule(entry.key), entry.event, reason)

    async def _note(self, name: str, condition: ChannelCondition, detail: str = "") -> None:
        known = (await self.states.all()).get(name)
        address = self.addresses[name].fingerprint
        await self.states.note(after(known, name, condition, self.clock.now(), address=address, detail=detail))


def _used(always: Sequence[str], order: Sequence[str], usable: Collection[str]) -> dict[str, tuple[str, ...]]:
    return {
        "always": tuple(name for name in always if name in usable),
        "order": tuple(name for name in order if name in usable and name not in always),
    }


def _result(error: ChannelError) -> str:
    if isinstance(error, ChannelGone):
        return "gone"
    return "refused" if isinstance(error, ChannelRefused) else "unavailable"


def _history(entry: AlertEntry) -> HistoryEntry:
    return HistoryEntry(at=entry.at, event=entry.event, detail=entry.detail)
