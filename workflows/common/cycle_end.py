"""What is done about mails that a cycle does not send: given up, recorded with the reason, noted for people."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.options import LOOK_UP, PLAN

with workflow.unsafe.imports_passed_through():
    from activities.cycle_control import Endings
    from activities.cycle_notes import CycleNotes
    from activities.unsent import Unsent
    from relance.contracts.names import TaskQueue
    from relance.contracts.rollback import GiveUpInput
    from relance.contracts.unsent import UnsentInput
    from relance.contracts.waves import LeftInput


async def give_up(period: str, control: str) -> None:
    """Give up what is left of a cycle that is over; `control` says in words who has stopped it."""
    await workflow.execute_activity_method(
        Endings.give_up,
        GiveUpInput(period=period, at=workflow.now()),
        task_queue=TaskQueue.OPS,
        summary=f"give up what is left: {control}",
        **PLAN,
    )


async def record_unsent(period: str) -> None:
    """Give everybody who got no mail an entry with the reason."""
    await workflow.execute_activity_method(
        Unsent.record_unsent,
        UnsentInput(period=period, at=workflow.now()),
        task_queue=TaskQueue.OPS,
        summary=f"record who of {period} got no mail, and why",
        **PLAN,
    )


async def note_left(period: str) -> None:
    """Have people hear of what is left of a cycle that somebody has cancelled on the server."""
    await workflow.execute_activity_method(
        CycleNotes.note_left,
        LeftInput(period=period, at=workflow.now()),
        task_queue=TaskQueue.OPS,
        summary="note what is left of a cycle that was cancelled by hand",
        **LOOK_UP,
    )
