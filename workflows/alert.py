"""One group of alerts, from its first firing until all alerts are resolved and notified (SPEC A2, A3).

The pure functions of `relance.domain.alerts` decide what to send and when. This workflow is their durable loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow

from workflows.common.alert_decisions import Decisions
from workflows.common.alert_news import merged
from workflows.common.alert_routes import ByRoutes, delivery, message
from workflows.common.delivery import DeliveryResult, by, channel_routes, notify
from workflows.common.options import LOOK_UP

with workflow.unsafe.imports_passed_through():
    from activities.alerts import AlertDelivery
    from relance.contracts.alerts import (
        AlertEntry,
        AlertInput,
        AlertView,
        Decided,
        DetailsAsked,
        Inhibited,
        PostInput,
        RecordInput,
        Sighted,
    )
    from relance.domain.alerts import lifecycle
    from relance.domain.alerts.delivery import (
        Action,
        Deliver,
        Done,
        MessageLine,
        NotificationKind,
        Route,
        Wait,
        delivered,
        due,
        next_action,
    )
    from relance.domain.alerts.group import AlertCounts, AlertGroup
    from relance.domain.alerts.model import AlertEvent
    from relance.domain.alerts.parting import lines_by_route, parted
    from relance.domain.alerts.room import admitted, latest_observation
    from relance.domain.alerts.routing import AlertRoute
    from relance.wording.summaries import counted
    from workflows.common import signal_checks

GATHER = timedelta(seconds=1)
"""Least time between two rounds: what is fired in between is worked off together."""

ONCE_MORE = timedelta(minutes=5)
"""When a message that no channel took is tried again, with what is known by then."""

LONGEST_WAIT = timedelta(days=30)
"""Then it looks again; a silence without end is no timer of centuries, which overflows the server's durations."""

DELIVERIES_SHOWN, ENTRIES_AT_ONCE = 20, 1000
_IN_DATABASE = {AlertEvent.ACKNOWLEDGED, AlertEvent.SILENCED}


@workflow.defn
class Alert:
    """Hold the alerts of one group; id `alert/<group>`."""

    @workflow.init
    def __init__(self, request: AlertInput) -> None:
        self._request = request
        self._policy = request.policy
        # It is part of the messages' keys, and stays the same when somebody resets the workflow.
        self._group = request.state or AlertGroup(request.group, workflow.info().workflow_start_time)
        self._entries = list(request.entries)
        self._deliveries = list(request.deliveries)
        self._inbox: list[Sighted | Decided | Inhibited] = []
        self._asked = list(request.asked)
        self._took_at = request.took_at or workflow.now() - GATHER
        self._by_routes = ByRoutes()
        self._decisions = Decisions(request.group)

    @workflow.signal
    def sighted(self, news: Sighted) -> None:
        """Note what a check saw; it is in the database already."""
        self._inbox.append(signal_checks.sighted(news))

    @workflow.signal
    def decided(self, news: Decided) -> None:
        """Note that a person decided something; what it is, is looked up in the database."""
        self._inbox.append(signal_checks.decided(news))

    @workflow.signal
    def inhibited(self, news: Inhibited) -> None:
        """Note that another alert may explain this group away, or none any more; it is looked up."""
        self._inbox.append(signal_checks.inhibited(news))

    @workflow.signal
    def details(self, news: DetailsAsked) -> None:
        """Note that somebody wants to know more."""
        self._asked.append(signal_checks.details(news))

    @workflow.query
    def view(self) -> AlertView:
        """Return the group and how its newest messages fared."""
        return AlertView(group=self._group, deliveries=tuple(self._deliveries))

    @workflow.run
    async def run(self, request: AlertInput) -> AlertCounts:
        """Return what the group did while it was open."""
        while True:
            await self._gather()
            await self._take_in()
            await self._record()
            if workflow.info().is_continue_as_new_suggested():
                await self._take_in()
                if self._inbox or len(self._entries) > ENTRIES_AT_ONCE:
                    # More came in meanwhile than may travel; recorded first.
                    continue
                self._continue_as_new()
            action = next_action(self._group, workflow.now(), self._policy)
            self._show(action)
            if isinstance(action, Deliver):
                await self._deliver(action)
            elif self._asked:
                await self._send_details()
            elif not self._inbox:
                if isinstance(action, Done):
                    return self._group.counts
                await self._wait(action)

    async def _gather(self) -> None:
        ahead = self._took_at + GATHER - workflow.now()
        if self._inbox and ahead > timedelta(0):
            await workflow.sleep(ahead, summary="gather what else is fired")

    async def _take_in(self) -> None:
        news, self._inbox = self._inbox, []
        if news:
            self._took_at = workflow.now()
        for part in await self._decisions.stored(merged(news)):
            self._apply(part)
        self._step(lifecycle.settled(self._group, workflow.now(), self._policy))

    def _apply(self, news: Sighted | Decided | Inhibited) -> None:
        match news:
            case Sighted():
                self._see(news)
            case Decided():
                step = (
                    lifecycle.silence(self._group, news.keys, news.until)
                    if news.until
                    else lifecycle.acknowledge(self._group, news.keys)
                )
                self._step(step)
            case Inhibited():
                self._group = lifecycle.inhibit(self._group, news.by)

    def _see(self, news: Sighted) -> None:
        now = workflow.now()
        news = self._bounded(news)
        self._group = lifecycle.inhibit(self._group, news.inhibited_by)
        unknown = set(news.gone) - self._group.members.keys()
        if news.whole:
            self._step(lifecycle.observed(self._group, news.firings, news.observation, now, self._policy))
        else:
            self._step(lifecycle.fire(self._group, news.firings, now, self._policy, news.observation))
            self._step(lifecycle.clear(self._group, news.gone, now, self._policy))
        # Open in the database, and nobody here knows of it: its firing never arrived.
        self._entries += (AlertEntry(key=key, event=AlertEvent.RESOLVED, at=now) for key in sorted(unknown))
        for silenced in news.silenced:
            self._step(lifecycle.silence(self._group, silenced.keys, silenced.until))

    def _bounded(self, news: Sighted) -> Sighted:
        """Return what the group has room for, and no observation that overtakes every later one."""
        fitting, refused = admitted(self._group, news.firings)
        if refused and workflow.patched("room-of-a-group"):
            workflow.logger.warning("a group of alerts is full", extra={"refused": refused})
            self._group = self._group.counted(fired=refused, suppressed=refused)
            news = news.model_copy(update={"firings": fitting})
        from_the_future = news.observation > latest_observation(workflow.now())
        if from_the_future and workflow.patched("observations-from-the-future"):
            news = news.model_copy(update={"observation": self._group.observation})
        return news

    def _step(self, step: lifecycle.LifecycleStep) -> None:
        self._group = step.group
        now = workflow.now()
        self._entries += (
            AlertEntry(key=key, event=event, at=now, detail=detail)
            for key, event, detail in step.happenings
            if event not in _IN_DATABASE
        )

    async def _record(self) -> None:
        while self._entries:
            some = tuple(self._entries[:ENTRIES_AT_ONCE])
            await workflow.execute_activity_method(
                AlertDelivery.record,
                RecordInput(group=self._group.group, entries=some),
                summary=f"record {counted(len(some), 'entry', 'entries')}",
                **LOOK_UP,
            )
            self._entries = self._entries[len(some) :]

    async def _deliver(self, action: Deliver) -> None:
        found = await channel_routes()
        if found.routes:
            await self._deliver_by_routes(action, found.routes)
        elif not self._has_delivered(action, await notify(message(self._group, action), action.routes, found)):
            # Signals wait until then: what they bring goes into the same message.
            await workflow.sleep(ONCE_MORE, summary="no channel took the message; once more then")

    async def _deliver_by_routes(self, action: Deliver, routes: Sequence[AlertRoute]) -> None:
        split = parted(self._group, action, routes, workflow.now())
        self._step(lifecycle.hold(self._group, split.held, workflow.now()))
        parts = [self._by_routes.numbered(part) for part in split.parts]
        # All at once, and what fails is put off by itself: a chat that is down does not hold up the others.
        results = await asyncio.gather(*(self._by_routes.notify(self._group, part) for part in parts))
        for part, result in zip(parts, results, strict=True):
            if not self._has_delivered(part.action, result, part.route.name):
                self._group = lifecycle.put_off(self._group, part.action.keys, workflow.now() + ONCE_MORE)

    def _has_delivered(self, action: Deliver, result: DeliveryResult, route: str = "") -> bool:
        self._deliveries = [*self._deliveries, delivery(action, result, route)][-DELIVERIES_SHOWN:]
        if result.done:
            self._step(delivered(self._group, action, workflow.now(), self._policy, route))
        return result.done

    async def _send_details(self) -> None:
        asked, self._asked = self._asked, []
        keys = list(dict.fromkeys(key for question in asked for key in question.keys if key in self._group.members))
        if not keys:
            return
        members = self._group.members
        repeats = [
            found.at
            for key in keys
            if (found := due(self._group, members[key], self._policy)) and found.telling is NotificationKind.REPEAT
        ]
        post = PostInput(
            channel="",
            group=self._group.group,
            opened_at=self._group.opened_at,
            sequence=max(self._group.sequence - 1, 0),
            telling=NotificationKind.FIRING,
            lines=tuple(MessageLine(key, members[key].value) for key in keys),
            at=workflow.now(),
            details=True,
            next_repeat=min(repeats, default=None),
        )
        channels = await channel_routes()
        if not channels.routes:
            await notify(post, (Route.FIRST,), channels)
        for route, lines in lines_by_route(self._group, post.lines, channels.routes).items():
            part = post.model_copy(update={"lines": lines, "route": route.name})
            await notify(part, (Route.FIRST,), by(route))

    async def _wait(self, action: Action) -> None:
        timeout = min(action.until - workflow.now(), LONGEST_WAIT) if isinstance(action, Wait) else None
        try:
            await workflow.wait_condition(
                lambda: bool(self._inbox or self._asked),
                timeout=timeout,
                timeout_summary=self._what_comes(action),
            )
        except TimeoutError:
            return

    def _continue_as_new(self) -> None:
        members = self._group.members
        asked = tuple(dict.fromkeys(key for question in self._asked for key in question.keys if key in members))
        workflow.continue_as_new(
            self._request.model_copy(
                update={
                    "state": self._group,
                    "entries": tuple(self._entries),
                    "deliveries": tuple(self._deliveries),
                    "asked": (DetailsAsked(keys=asked),) if asked else (),
                    "took_at": self._took_at,
                }
            )
        )

    def _what_comes(self, action: Action) -> str:
        if not isinstance(action, Wait):
            return "until something happens"
        return f"{counted(len(self._group.members), 'alert')}, next look at {action.until:%Y-%m-%d %H:%M:%S} UTC"

    def _show(self, action: Action) -> None:
        counts = self._group.counts
        last = self._deliveries[-1] if self._deliveries else None
        outcomes = ", ".join(f"{name}: {outcome}" for name, outcome in last.outcomes.items()) if last else "none yet"
        workflow.set_current_details(
            f"**{self._group.group}** · {counted(len(self._group.members), 'alert')} · {counts.fired} fired, "
            f"{counts.delivered} messages, {counts.suppressed} suppressed, {counts.resolved} resolved\n\n"
            f"{self._what_comes(action)} · last message: {outcomes}"
        )
