"""Outages of MongoDB. While it is down no alert can be stored, so channels are notified directly (SPEC H2)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.alerts import MessageLocale
from activities.errors import translated
from relance.contracts.health import OutageLook, OutageNotice
from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import AlertRecord, AlertState
from relance.domain.channels.messages import OutgoingMessage
from relance.domain.health.status import ProbeRule
from relance.errors import ChannelError, ChannelUnavailable
from relance.ids import outage_message_key
from relance.ports import Channel, Clock
from relance.ports.health import Probe
from relance.services.health_checks import run_probes
from relance.wording.alerts.messages import alert_message

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutageChannels:
    """The channels by their part: `always` get every message, of `order` the first that takes it.

    `stored` are those that need MongoDB themselves: the inbox.
    """

    always: Sequence[Channel]
    order: Sequence[Channel]
    stored: frozenset[str]

    def usable(self, *, back: bool) -> tuple[list[Channel], list[Channel]]:
        """Return those that can be written to while MongoDB is away, or when it is back."""
        always = [channel for channel in self.always if back or channel.name not in self.stored]
        return always, [
            channel for channel in self.order if (back or channel.name not in self.stored) and channel not in always
        ]


@dataclass(frozen=True, slots=True)
class Outages:
    """Probes MongoDB and notifies people; neither needs MongoDB."""

    probe: Probe
    rule: ProbeRule
    channels: OutageChannels
    voice: MessageLocale
    again: timedelta
    longest: timedelta
    clock: Clock

    @activity.defn
    async def look_at_database(self) -> OutageLook:
        """Look at MongoDB alone."""
        look = (await run_probes([self.probe], self.clock))[0]
        return OutageLook(
            look=look,
            fail_after=self.rule.fail_after,
            recover_after=self.rule.recover_after,
            again=self.again,
            longest=self.longest,
        )

    @activity.defn
    async def tell_outage(self, notice: OutageNotice) -> bool:
        """Notify people, at most once more after a crash, with the same key; return False if no channel can be used.

        Raises:
            ApplicationError: no channel took the message; try again.
        """
        message = self._message(notice)
        always, order = self.channels.usable(back=notice.ended is not None)
        if not always and not order:
            logger.error("MongoDB is away, and the only channel is the inbox, which needs it: nobody can be told")
            return False
        with translated():
            outcomes = [await _delivered(channel, message) for channel in always]
            for channel in order:
                outcomes.append(await _delivered(channel, message))
                if outcomes[-1]:
                    break
            if not any(outcomes):
                raise ChannelUnavailable(
                    ", ".join(channel.name for channel in (*always, *order)), "none took the message"
                )
        return True

    def _message(self, notice: OutageNotice) -> OutgoingMessage:
        telling = NotificationKind.RESOLVED if notice.ended else NotificationKind.FIRING
        alert = AlertRecord(
            id=self.rule.alert,
            key=self.rule.alert,
            group=self.rule.alert,
            rule=self.rule.alert,
            subject=self.rule.probe,
            severity=self.rule.severity,
            labels={"trouble": notice.trouble},
            state=AlertState.RESOLVED if notice.ended else AlertState.FIRING,
            fired_at=notice.begun,
            updated_at=notice.at,
            resolved_at=notice.ended,
        )
        message = alert_message(
            telling,
            [alert],
            key=outage_message_key(self.rule.probe, notice.begun, telling),
            at=notice.at.astimezone(ZoneInfo(self.voice.zone)),
            language=self.voice.language,
            runbook_url=self.voice.runbook_url,
        )
        # Nothing is stored that details could be read from.
        return replace(message, offer="")


async def _delivered(channel: Channel, message: OutgoingMessage) -> bool:
    try:
        await channel.deliver(message)
    except ChannelError as error:
        logger.warning("channel %s did not take a message: %s", channel.name, type(error).__name__)
        return False
    return True
