"""The alert service of a command: on its database and its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relance.services.alerts import AlertService

if TYPE_CHECKING:
    from temporalio.client import Client

    from relance.cli.base.resources import Repositories
    from relance.ports import Clock
    from relance.settings import Settings


def alert_service(settings: Settings, clock: Clock, client: Client, database: Repositories) -> AlertService:
    """Return the service; what is decided is stored in `database` and then signalled through `client`."""
    from relance.temporal.alert_groups import TemporalAlertGroups

    groups = TemporalAlertGroups(client, settings.alerts.policy)
    return AlertService(alerts=database.alerts, silences=database.silences, groups=groups, clock=clock)
