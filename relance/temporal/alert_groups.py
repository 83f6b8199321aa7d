"""The workflows that deliver the alerts of a group."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from relance import ids
from relance.contracts.alerts import AlertInput, Decided, DetailsAsked, Inhibited, Sighted
from relance.contracts.names import Signal, TaskQueue, Workflow
from relance.domain.alerts.policy import AlertPolicy
from relance.errors import DependencyUnavailable

_SIGNALS: dict[type[Decided | Inhibited | DetailsAsked], Signal] = {
    Decided: Signal.DECIDED,
    Inhibited: Signal.INHIBITED,
    DetailsAsked: Signal.DETAILS,
}


@dataclass(frozen=True, slots=True)
class TemporalAlertGroups:
    """Groups through a client; `policy` is what a group that opens lives by."""

    client: Client
    policy: AlertPolicy

    async def sighted(self, group: str, news: Sighted) -> None:
        """Tell the group's workflow what was seen; starts it if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        try:
            await self.client.start_workflow(
                Workflow.ALERT,
                AlertInput(group=group, policy=self.policy),
                id=ids.alert_workflow_id(group),
                task_queue=TaskQueue.OPS,
                start_signal=Signal.SIGHTED,
                start_signal_args=[news],
                static_summary=f"Alerts of {group}",
            )
        except RPCError as error:
            raise DependencyUnavailable("Temporal", f"a sighting was not told ({error.status.name})") from error

    async def tell(self, group: str, news: Decided | Inhibited | DetailsAsked) -> bool:
        """Tell the group's workflow; return False if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        handle = self.client.get_workflow_handle(ids.alert_workflow_id(group))
        try:
            await handle.signal(_SIGNALS[type(news)], news)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise DependencyUnavailable("Temporal", f"a signal was not sent ({error.status.name})") from error
        return True
