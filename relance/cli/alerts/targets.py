"""Which alerts a person means by KEY: an alert's key, its id, or a group."""

from __future__ import annotations

from datetime import timedelta

from relance.cli.alerts.listing import READ
from relance.domain.alerts.model import AlertRecord
from relance.errors import NotFound
from relance.ports import Alerts, Clock

REMEMBERED = timedelta(days=366)
"""How far back an id or a group without an open alert is looked for."""


async def alerts_meant(alerts: Alerts, target: str, clock: Clock) -> list[AlertRecord]:
    """Return the alert with this key or id, or those of a group: the open ones, or else the newest that was.

    Raises:
        NotFound: there is none.
    """
    named = {alert.id: alert for alert in await alerts.open() if target in {alert.key, alert.id, alert.group}}
    if not named:
        named = {alert.id: alert for alert in (await alerts.newest([target])).values()}
    if not named:
        recent = await alerts.recent(clock.now() - REMEMBERED, limit=READ)
        named = {alert.id: alert for alert in [alert for alert in recent if target in {alert.id, alert.group}][:1]}
    if not named:
        raise NotFound(
            f"KEY: no alert has the key, id or group {target!r}; `alerts list --all` shows the alerts there were"
        )
    return sorted(named.values(), key=lambda alert: alert.fired_at, reverse=True)
