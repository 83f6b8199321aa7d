"""Worker versioning: which version of the worker the server hands which runs to (SPEC O1).

Off, every worker takes every run, and patches alone keep the versions apart. On, a wave stays with the version it began
under (pinned), everything else moves on to the current version with its next task (auto-upgrade, with patches).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.deployment.v1 import WorkerDeploymentVersion as VersionName
from temporalio.api.enums.v1 import WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    DescribeWorkerDeploymentResponse,
    DescribeWorkerDeploymentVersionRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from relance.errors import InvalidInput, NotFound
from relance.temporal.errors import is_missing, unavailable

DEPLOYMENT: Final = "relance"
RPC_TIMEOUT = timedelta(seconds=10)
_PREFIX = "WORKER_DEPLOYMENT_VERSION_STATUS_"
DRAINED: Final = "drained"


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the worker that the server knows; `draining` ones still have pinned waves."""

    build_id: str
    state: str
    since: datetime | None


def deployment(build_id: str, *, versioned: bool) -> WorkerDeploymentConfig:
    """Return what a worker says about itself. Its build id is shown in Temporal Web either way."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build_id),
        use_worker_versioning=versioned,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE if versioned else VersioningBehavior.UNSPECIFIED,
    )


async def versions(client: Client) -> list[VersionLine]:
    """Return the versions the server knows, the newest first; none where no versioned worker has ever asked for work.

    Raises:
        DependencyUnavailable: the server does not answer.
    """
    found = await _described(client)
    if found is None:
        return []
    summaries = sorted(
        found.worker_deployment_info.version_summaries,
        key=lambda summary: summary.create_time.ToDatetime(),
        reverse=True,
    )
    return [
        VersionLine(
            build_id=summary.deployment_version.build_id,
            state=_state(summary.status),
            since=summary.create_time.ToDatetime(tzinfo=UTC) if summary.HasField("create_time") else None,
        )
        for summary in summaries
    ]


async def promote(client: Client, build_id: str) -> None:
    """Make a version the current one: new runs begin there, and all but pinned waves move there.

    Raises:
        NotFound: no worker of that version has asked for work.
        InvalidInput: it does not serve every task queue of the current version.
        DependencyUnavailable: the server does not answer.
    """
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=build_id
    )
    try:
        await client.workflow_service.set_worker_deployment_current_version(request, timeout=RPC_TIMEOUT)
    except RPCError as error:
        if is_missing(error):
            raise _unknown(build_id) from None
        if error.status is RPCStatusCode.FAILED_PRECONDITION:
            remedy = "start its workers of every role first"
            raise InvalidInput("BUILD_ID", f"{build_id} cannot become the current version yet", remedy) from None
        raise unavailable("a version was not promoted", error) from error


async def state_of(client: Client, build_id: str) -> str:
    """Return the state of a version; `drained` when nothing is left for its workers to do.

    Raises:
        NotFound: the server does not know it.
        DependencyUnavailable: the server does not answer.
    """
    request = DescribeWorkerDeploymentVersionRequest(
        namespace=client.namespace, deployment_version=VersionName(deployment_name=DEPLOYMENT, build_id=build_id)
    )
    try:
        found = await client.workflow_service.describe_worker_deployment_version(request, timeout=RPC_TIMEOUT)
    except RPCError as error:
        if is_missing(error):
            raise _unknown(build_id) from None
        raise unavailable("a version was not looked up", error) from error
    return _state(found.worker_deployment_version_info.status)


def _state(status: WorkerDeploymentVersionStatus.ValueType) -> str:
    return WorkerDeploymentVersionStatus.Name(status).removeprefix(_PREFIX).lower()


async def _described(client: Client) -> DescribeWorkerDeploymentResponse | None:
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        return await client.workflow_service.describe_worker_deployment(request, timeout=RPC_TIMEOUT)
    except RPCError as error:
        if is_missing(error):
            return None
        raise unavailable("the versions were not looked up", error) from error


def _unknown(build_id: str) -> NotFound:
    return NotFound(
        f"BUILD_ID: the server knows no version {build_id!r}; start its workers with RELANCE_WORKER__VERSIONING=true, "
        "then see `versions list`"
    )
