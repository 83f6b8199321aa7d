"""The watchdog: judges from outside, by its effects, whether the work of the workers still happens (SPEC H3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, AlertSuppression
from relance.domain.alerts.reach import Reach, Reached
from relance.domain.alerts.routing import AlertRoute, route_of
from relance.domain.alerts.suppression import inhibitor
from relance.domain.cycle.coverage import Gap, Uncovered
from relance.domain.durations import ago, span
from relance.domain.failures import Severity
from relance.domain.intake.records import IntakeLag

INTAKE = "mail intake"


class EffectState(StrEnum):
    """`held` is what a person has stopped on purpose; `unreachable` means that nothing can be said."""

    FINE = "ok"
    HELD = "held"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class WatchedEffect:
    """One effect that is expected: its state, since when, and a sentence."""

    what: str
    state: EffectState
    detail: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DuePlans:
    """Plans of a period that were due before an instant and are not done; `held_by` names who stopped the cycle."""

    period: str
    count: int
    earliest: datetime
    held_by: str | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each effect may be late; `running` is how long a job's run may take before it counts as stuck."""

    mails: timedelta
    jobs: timedelta
    running: timedelta
    alerts: timedelta
    tasks: timedelta


def mails(due: Sequence[DuePlans], last_mail: datetime | None, now: datetime, patience: timedelta) -> WatchedEffect:
    """Judge whether mails are accepted while plans are due; a wave may take hours, but not in silence."""
    what = "mails"
    waiting = [plan for plan in due if plan.held_by is None]
    if not waiting:
        if due:
            periods = ", ".join(f"{plan.period} by {plan.held_by}" for plan in due)
            return WatchedEffect(what, EffectState.HELD, f"plans are due, and their cycles are stopped: {periods}")
        return WatchedEffect(what, EffectState.FINE, "no plan is overdue")
    count, since = sum(plan.count for plan in waiting), min(plan.earliest for plan in waiting)
    if last_mail is not None and now - last_mail <= patience:
        return WatchedEffect(
            what, EffectState.FINE, f"{count} plans are being sent, the last mail was accepted just now"
        )
    last = f"the last mail was accepted {ago(now - last_mail)}" if last_mail else "no mail was accepted at all"
    return WatchedEffect(what, EffectState.STOPPED, f"{count} plans are due and {last}", since)


def claims(stuck: int, patience: timedelta) -> WatchedEffect:
    """Judge whether mails that somebody began to send ever end."""
    if not stuck:
        return WatchedEffect("mails being sent", EffectState.FINE, "each ends in time")
    return WatchedEffect(
        "mails being sent", EffectState.STOPPED, f"{stuck} have been handed over for over {span(patience)}"
    )


def job(
    name: str, nominal: datetime | None, now: datetime, patience: Patience, *, recorded: bool, running: bool
) -> WatchedEffect:
    """Judge whether the newest nominal time of a job has its record; a run that is at it may take a while."""
    what = f"job {name}"
    if nominal is None:
        return WatchedEffect(what, EffectState.FINE, "it was not due yet")
    if recorded:
        return WatchedEffect(what, EffectState.FINE, f"there is a record for {ago(now - nominal)}")
    if running and now - nominal <= patience.running:
        return WatchedEffect(what, EffectState.FINE, f"the run of {ago(now - nominal)} is at work")
    did = "did not end" if running else "left no record"
    return WatchedEffect(what, EffectState.STOPPED, f"the run that was due {ago(now - nominal)} {did}", nominal)


def periods(found: Sequence[Uncovered]) -> list[WatchedEffect]:
    """Judge whether every period that is near has its cycle, its plans, and a plan of each user (SPEC C1)."""
    if not found:
        return [WatchedEffect("periods", EffectState.FINE, "each that is near is looked after")]
    return [WatchedEffect(f"period {gap.period}", EffectState.STOPPED, _lack(gap)) for gap in found]


def _lack(found: Uncovered) -> str:
    start = f"`starter.py start cycle --period {found.period}`"
    state = found.state.replace("_", " ")
    look = f"see that a worker serves relance-invitations, and look at cycle/{found.period} in Temporal Web"
    match found.gap:
        case Gap.NO_CYCLE:
            return f"the period has no cycle: {start} opens it"
        case Gap.ENDED_UNPLANNED:
            return f"its cycle was ended by hand ({state}) before it planned: {start} goes on"
        case Gap.ENDED_BY_HAND:
            return f"its cycle was ended by hand ({state}) with {found.count} plans open: {start} goes on"
        case Gap.CYCLE_FAILED:
            return f"its cycle ended with an error ({state}) and {found.count} plans open: {start} goes on"
        case Gap.NO_PLANS:
            return f"its cycle has no plans: {look}"
        case Gap.WITHOUT_PLAN:
            return f"at least {found.count} users have no plan: {look}"


def tasks(queue: str, workers: int, oldest: timedelta, now: datetime, patience: timedelta) -> WatchedEffect:
    """Judge whether somebody does the work of a task queue."""
    what = f"queue {queue}"
    if oldest > patience:
        return WatchedEffect(what, EffectState.STOPPED, f"work has been waiting for {span(oldest)}", now - oldest)
    if not workers:
        return WatchedEffect(what, EffectState.STOPPED, "no worker asks for its work")
    return WatchedEffect(what, EffectState.FINE, f"{workers} worker process(es)")


def alerts(
    open_: Sequence[AlertRecord], now: datetime, patience: timedelta, routes: Sequence[AlertRoute] = ()
) -> WatchedEffect:
    """Judge whether people are notified of alerts.

    Low ones wait for the digest, explained ones for their cause, and others for the end of the quiet hours of their
    route.
    """
    rules = {alert.rule for alert in open_}
    untold = [alert for alert in open_ if _is_untold(alert, rules) and now - _told_from(alert, now, routes) > patience]
    if not untold:
        return WatchedEffect("alerts", EffectState.FINE, "every alert has its message")
    names = ", ".join(sorted({alert.rule for alert in untold}))
    since = min(alert.fired_at for alert in untold)
    return WatchedEffect("alerts", EffectState.STOPPED, f"nobody was told of {len(untold)}: {names}", since)


def _is_untold(alert: AlertRecord, open_rules: Collection[str]) -> bool:
    if alert.state is not AlertState.FIRING or alert.severity is Severity.LOW or inhibitor(alert.rule, open_rules):
        return False
    return not any(
        entry.event is AlertEvent.SENT
        or (entry.event is AlertEvent.SUPPRESSED and entry.detail != AlertSuppression.QUIET_HOURS)
        for entry in alert.history
    )


def _told_from(alert: AlertRecord, now: datetime, routes: Sequence[AlertRoute]) -> datetime:
    route = route_of(routes, alert.rule, alert.group, alert.severity)
    return route.due_from(alert.severity, alert.fired_at, now) if route is not None else alert.fired_at


def intake(lag: IntakeLag, now: datetime) -> WatchedEffect:
    """Judge whether mail that comes back is taken soon after it arrived."""
    waited = f"mail of the last hour was taken within {span(lag.waited)}"
    if lag.is_late:
        return WatchedEffect(INTAKE, EffectState.STOPPED, f"mail waited {span(lag.waited)} in the mail server's queue")
    unmatched = f"; {lag.unmatched} reports unmatched, the oldest {ago(lag.oldest_for(now))}" if lag.unmatched else ""
    return WatchedEffect(INTAKE, EffectState.FINE, waited + unmatched)


def readers(found: Sequence[Reached]) -> list[WatchedEffect]:
    """Judge whether the channels lead to people, and take their messages."""
    return [
        WatchedEffect(
            f"readers of {effect.what}",
            EffectState.STOPPED if effect.reach is Reach.NOBODY else EffectState.FINE,
            f"{effect.detail}: {effect.remedy}" if effect.remedy else effect.detail,
        )
        for effect in found
    ]
