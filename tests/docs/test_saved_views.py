"""The views that the operators save in Temporal Web: the server takes each query, and finds what it is named for."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from temporalio.client import Client

from relance import ids
from relance.contracts.names import Workflow
from relance.devstack.stack import Stack
from tests.docs.pages import ROOT
from tests.support.installation import installed
from tests.support.patience import PATIENCE_S

PAGE = (ROOT / "docs" / "operations.md").read_text()
SECTION = PAGE.partition("## Saved views")[2].partition("\n## ")[0]
VIEWS = dict(re.findall(r"^\| ([^|`]+) \| `([^`]+)` \|$", SECTION, flags=re.MULTILINE))
PERIOD, USER = "2026-12", "u0001"
STARTED = {
    ids.cycle_workflow_id(PERIOD): Workflow.MONTHLY_CYCLE,
    ids.follow_up_workflow_id(PERIOD, USER): Workflow.FOLLOW_UP,
    ids.follow_up_workflow_id(PERIOD, USER, 1): Workflow.FOLLOW_UP,
    ids.follow_up_workflow_id("2026-11", USER): Workflow.FOLLOW_UP,
    ids.follow_up_workflow_id(PERIOD, f"{USER}9"): Workflow.FOLLOW_UP,
    ids.alert_workflow_id("reconciliation"): Workflow.ALERT,
    ids.forget_workflow_id("e-1"): Workflow.FORGET_PERSON,
    "reconcile-1": Workflow.RECONCILE,
}
FOUND = [1, 3, 2, 2, 1, 1, 0, 1]


@pytest.fixture(scope="module")
async def client(stack: Stack) -> Client:
    """A namespace with workflows that no worker takes."""
    async with installed(stack, f"views-{uuid4().hex[:8]}") as installation:
        for workflow_id, kind in STARTED.items():
            await installation.client.start_workflow(kind, id=workflow_id, task_queue="nobody")
        async with asyncio.timeout(PATIENCE_S):
            while (await installation.client.count_workflows("")).count < len(STARTED):
                await asyncio.sleep(0.1)
        return installation.client


async def test_the_views_are_all_tried() -> None:
    assert len(VIEWS) == len(FOUND)


@pytest.mark.parametrize(("name", "number"), [*zip(VIEWS, FOUND, strict=True)])
async def test_a_view_finds_what_it_is_named_for(client: Client, name: str, number: int) -> None:
    assert (await client.count_workflows(VIEWS[name])).count == number
