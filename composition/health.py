"""The activities of the health check (SPEC H2, H5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from activities.alerts import MessageLocale
from activities.health import HealthRounds
from activities.outages import OutageChannels, Outages
from activities.performance import PerformanceWatch
from composition.connections import Connections
from composition.probes import mongo_probe
from relance.adapters.clock import SystemClock
from relance.domain.alerts.routing import route_of
from relance.domain.health.probes import ProbeName
from relance.domain.health.status import ProbeRule
from relance.ports import Channel
from relance.services.alerts import AlertService
from relance.services.health_checks import HealthMonitor
from relance.settings import Settings
from relance.settings.recipients import ChannelName
from relance.temporal.schedules import declared


def health_of(settings: Settings, open_: Connections, alert_service: AlertService) -> list[Callable[..., Any]]:
    """Return the activities, with their dependencies."""
    data, health = open_.database, settings.health
    rules = health.rules()
    rounds = HealthRounds(
        probes=open_.probes,
        monitor=HealthMonitor(rules, data.health_checks, alert_service),
        again=health.again,
        clock=SystemClock(),
        meter=open_.instruments,
    )
    outages = Outages(
        probe=mongo_probe(settings, data),
        rule=rules[ProbeName.MONGODB],
        channels=_channels(settings, open_, rules[ProbeName.MONGODB]),
        voice=MessageLocale(settings.alerts.language, settings.alerts.zone, settings.alerts.runbook_url),
        again=health.again,
        longest=health.outage_pause,
        clock=SystemClock(),
    )
    watch = PerformanceWatch(
        jobs=[schedule.id for schedule in declared(settings)],
        job_runs=data.job_runs,
        alert_service=alert_service,
        policy=settings.performance.policy,
        clock=SystemClock(),
    )
    return [
        rounds.look_at_everything,
        rounds.judge,
        outages.look_at_database,
        outages.tell_outage,
        watch.watch_performance,
    ]


def _channels(settings: Settings, open_: Connections, rule: ProbeRule) -> OutageChannels:
    def named(names: Sequence[str]) -> list[Channel]:
        return [open_.channels.by_name[name] for name in names]

    route = route_of(settings.routes, rule.alert, rule.alert, rule.severity) or settings.routes[-1]
    return OutageChannels(named(route.always), named(route.order), frozenset({str(ChannelName.INBOX)}))
