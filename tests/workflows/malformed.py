"""Signals as anybody may send them: any name, any bytes, any number of arguments, past every converter of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client

from tests.support.private_sdk import workflow_definition

JSON = b"json/plain"
EMPTY = Payload(metadata={"encoding": b"binary/null"})


class Sent(NamedTuple):
    """One malformed signal: its arguments, and as what it is counted."""

    name: str
    arguments: tuple[Payload, ...]
    reason: str


def as_json(value: Any) -> Payload:
    """Return a value as the CLI would send it."""
    return Payload(metadata={"encoding": JSON}, data=json.dumps(value).encode())


NOT_JSON = Payload(metadata={"encoding": JSON}, data=b"{not json, ann@people.example")
FOREIGN = Payload(metadata={"encoding": b"martian/v1"}, data=b"\x00\xff")
BARE = Payload(data=b"{}")
BYTES = Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff")


def malformed(cls: type) -> Iterator[Sent]:
    """Yield what no handler of a workflow can take, whichever it is."""
    for name, handler in workflow_definition(cls).signals.items():
        # Whatever comes with a signal to a handler that takes nothing is dropped by the SDK: it is a good signal.
        if not handler.arg_types:
            continue
        yield Sent(name, (BYTES,), "unreadable")
        for argument in (NOT_JSON, FOREIGN, BARE):
            yield Sent(name, (argument,), "unreadable")
            yield Sent(name, (argument, argument), "unreadable")
        yield Sent(name, (as_json({}), as_json({})), "arguments")
        yield Sent(name, (EMPTY,), "unreadable")
        yield Sent(name, (), "arguments")
        for value in (None, 5, ["a"], {"at": "yesterday", "keys": 5, "invitation_id": 7, "groups": 1, "firings": "x"}):
            yield Sent(name, (as_json(value),), "unreadable")
    for name in ("no-such-signal", "__temporal_other", "ünïcode"):
        for arguments in ((), (NOT_JSON,), (as_json({"a": 1}), FOREIGN)):
            yield Sent(name, arguments, "unknown")


async def send(client: Client, workflow_id: str, name: str, arguments: tuple[Payload, ...]) -> None:
    """Send a signal exactly so."""
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            signal_name=name,
            input=Payloads(payloads=arguments),
            identity="a test",
            request_id=str(uuid4()),
        )
    )
