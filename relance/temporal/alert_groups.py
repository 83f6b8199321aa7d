"""The workflows that deliver the alerts of a group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from relance import ids
from relance.contracts.alerts import AlertInput, Decided, DetailsAsked, Inhibited, Sighted
from relance.contracts.names import Signal, TaskQueue, Workflow
from relance.domain.alerts.policy import AlertPolicy
from relance.temporal.errors import is_missing, unavailable

RPC_TIMEOUT = timedelta(seconds=10)

_SIGNALS: dict[type[Decided | Inhibited | DetailsAsked], Signal] = {
    Decided: Signal.DECIDED,
    Inhibited: Signal.INHIBITED,
    DetailsAsked: Signal.DETAILS,
}


@dataclass(frozen=True, slots=True)
class TemporalAlertGroups:
    """Groups through a client; `policy` is what a group that opens lives by, `patience` how long a call may take."""

    client: Client
    policy: AlertPolicy
    patience: timedelta = RPC_TIMEOUT

    async def sighted(self, group: str, news: Sighted) -> None:
        """Signal the group's workflow what was seen; start it if it does not run.

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
                rpc_timeout=self.patience,
            )
        except RPCError as error:
            raise unavailable("a sighting was not told", error) from error

    async def notify(self, group: str, news: Decided | Inhibited | DetailsAsked) -> bool:
        """Signal the group's workflow; return False if it does not run.

        Raises:
            DependencyUnavailable: the server does not answer.
        """
        handle = self.client.get_workflow_handle(ids.alert_workflow_id(group))
        try:
            await handle.signal(_SIGNALS[type(news)], news, rpc_timeout=self.patience)
        except RPCError as error:
            if is_missing(error):
                return False
            raise unavailable("a signal was not sent", error) from error
        return True
