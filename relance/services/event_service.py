"""Takes in messages with many events from many callers together, in a few durable round trips (SPEC G1).

While groups are in progress the next group collects calls. So no call waits for a timer, and an idle service answers at
once. A group reads, decides, writes its messages with their answers, then what they ask for. If the process dies before
the last write, nothing was acknowledged: the message is sent again, found written, and applied once more, which changes
nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relance.contracts.follow_up import InvitationEvent
from relance.errors import DependencyUnavailable, RelanceError
from relance.ports import Inbox, Outbox, Received
from relance.services.event_plan import EventPlan, Outcome
from relance.services.events import EntryUnreadable, EventIntake

EVENTS_AT_ONCE = 1_000
GROUPS = 2
"""Under way at once: one reads while the other waits for its commit."""
_COMMIT_S = 0.01
_CLOSED_EVERY_S = 0.1
"""No caller waits for it: a message that is repeated before that is applied again."""


class MessageReused(RelanceError):
    """The id of a message was used before, for another message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: hashes of its id and of its content, and how the outcomes of its events are answered.

    `replans`: it also asks for new plans.
    """

    id: str
    digest: str
    events: Sequence[InvitationEvent]
    answer: Callable[[Sequence[Outcome]], str]
    replans: bool = False


@dataclass(slots=True, eq=False)
class _EventCall:
    message: Message
    answered: asyncio.Future[str]
    written: Received | None = None
    """As it stands in the inbox, once it does."""

    def reply(self, outcome: str | Exception) -> None:
        """Give the caller its answer, if it still waits for one."""
        if self.answered.done():
            return
        if isinstance(outcome, Exception):
            self.answered.set_exception(outcome)
        else:
            self.answered.set_result(outcome)


class EventService:
    """Groups the messages of one process."""

    def __init__(self, intake: EventIntake, inbox: Inbox, outbox: Outbox) -> None:
        self._intake = intake
        self._inbox = inbox
        self._outbox = outbox
        self._waiting: deque[_EventCall] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._closing: list[str] = []
        self._closer: asyncio.Task[None] | None = None

    async def take(self, message: Message) -> str:
        """Return the answer to a message, the same however often it is said; all it says is in the database then.

        Raises:
            MessageReused: another message had this id.
            DependencyUnavailable: the database, or EntryUnreadable; to be said again.
        """
        call = _EventCall(message, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        self._start()
        return await call.answered

    async def close(self) -> None:
        """Wait until everything handed in is recorded."""
        while pending := {*self._running, *([self._closer] if self._closer else [])}:
            await asyncio.wait(pending)

    def _start(self) -> None:
        if self._waiting and len(self._running) < GROUPS:
            # The task takes its group when it first runs, so that all who come within one turn of the loop share it.
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start()

    def _next_group(self) -> list[_EventCall]:
        group: list[_EventCall] = []
        room, ids, later = EVENTS_AT_ONCE, set[str](), list[_EventCall]()
        while self._waiting and (not group or len(self._waiting[0].message.events) <= room):
            call = self._waiting.popleft()
            # The same message twice: the second one finds the first one written.
            (later if call.message.id in ids else group).append(call)
            room -= len(call.message.events)
            ids.add(call.message.id)
        self._waiting.extendleft(reversed(later))
        return group

    async def _run(self) -> None:
        calls = self._next_group()
        try:
            await self._serve(calls)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the callers' to handle
            for call in calls:
                call.reply(problem)

    async def _serve(self, calls: Sequence[_EventCall], *, hastily: bool = True) -> None:
        plan = await self._intake.plan([event for call in calls for event in call.message.events])
        there = await self._write(calls, plan, hastily=hastily)
        if unanswered := [call.message.id for call in calls if call.written is None]:
            there |= {*await self._inbox.known(unanswered)}
        if not there:
            await self._do(calls, plan)
            return
        # Somebody has said one of them before, or says it to another process at this moment: that is rare, and what is
        # written at this moment is not to be read yet.
        await asyncio.sleep(_COMMIT_S)
        known = await self._inbox.known([call.message.id for call in calls])
        fresh = [call for call in calls if call.message.id not in known]
        await asyncio.gather(
            *(self._again(call, known[call.message.id]) for call in calls if call.message.id in known),
            # Among them may be what this group has just written, and a look sees only what is committed.
            *([self._serve(fresh, hastily=False)] if fresh else []),
        )

    async def _again(self, call: _EventCall, written: Received) -> None:
        """Answer a message that is in the inbox; what it asks for is done again unless it is known to be done."""
        if written.digest != call.message.digest:
            call.reply(MessageReused("a message with this id was received before, and said something else"))
            return
        if written.done:
            call.reply(written.answer)
            return
        plan = await self._intake.plan(call.message.events)
        call.written = None if Outcome.UNREADABLE in plan.outcomes else written
        await self._do([call], plan)

    async def _write(self, calls: Sequence[_EventCall], plan: EventPlan, *, hastily: bool) -> set[str]:
        """Write the messages with their answers; return the ids of those that were there already.

        A message about an entry that cannot be read has no answer yet, and is not written.
        """
        at, outcomes = plan.since, iter(plan.outcomes)
        for call in calls:
            own = [next(outcomes) for _ in call.message.events]
            if Outcome.UNREADABLE in own:
                call.written = None
            else:
                call.written = Received(call.message.id, call.message.digest, call.message.answer(own), at)
        written = [call.written for call in calls if call.written is not None]
        is_followed = plan.writes or any(call.message.replans for call in calls)
        return await self._inbox.put(written, is_followed=hastily and is_followed)

    async def _do(self, calls: Sequence[_EventCall], plan: EventPlan) -> None:
        self._intake.notify(await self._intake.apply(plan))
        if any(call.message.replans for call in calls):
            # One planning pass too many does no harm.
            await self._outbox.ask_replan(plan.since)
        for call in calls:
            if call.written is None:
                call.reply(EntryUnreadable())
                continue
            call.reply(call.written.answer)
            self._closing.append(call.written.id)
        self._close_later()

    def _close_later(self) -> None:
        if self._closing and self._closer is None:
            self._closer = asyncio.create_task(self._close_messages())
            self._closer.add_done_callback(self._closed)

    def _closed(self, _: asyncio.Task[None]) -> None:
        self._closer = None
        self._close_later()

    async def _close_messages(self) -> None:
        await asyncio.sleep(_CLOSED_EVERY_S)
        ids, self._closing = self._closing, []
        try:
            await self._inbox.done(ids)
        except DependencyUnavailable:
            # Said again, they are applied again: nothing changes, and they are closed then.
            return
