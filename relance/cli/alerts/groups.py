"""What a group's workflow says of itself; nothing if it does not run or nobody answers for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from relance import ids
from relance.contracts.alerts import AlertView
from relance.contracts.names import Query
from relance.domain.alerts.delivery import DueMessage, due
from relance.domain.alerts.lifecycle import settled
from relance.domain.alerts.policy import AlertPolicy

if TYPE_CHECKING:
    from temporalio.client import Client

QUERY_TIMEOUT = timedelta(seconds=3)


async def view_of(client: Client, group: str) -> AlertView | None:
    """Ask a group's workflow; None when it is gone or no worker answers in time."""
    from temporalio.client import WorkflowQueryFailedError
    from temporalio.service import RPCError

    handle = client.get_workflow_handle(ids.alert_workflow_id(group))
    try:
        found: AlertView = await handle.query(Query.VIEW, result_type=AlertView, rpc_timeout=QUERY_TIMEOUT)
    except (RPCError, WorkflowQueryFailedError):
        # Whatever it is: the database has the alert, and its workflow only adds to it.
        return None
    return found


def next_message(view: AlertView, key: str, now: datetime, policy: AlertPolicy) -> DueMessage | None:
    """Return what is said about an alert next, and when; None if nothing is until something happens."""
    group = settled(view.group, now, policy).group
    member = group.members.get(key)
    return due(group, member, policy) if member is not None else None
