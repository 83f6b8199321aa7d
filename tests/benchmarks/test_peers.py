from __future__ import annotations

import aiosmtplib
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent, MarkerRecordedEventAttributes

from benchmarks.costs import actions_of
from benchmarks.peers import deliveries, servers
from benchmarks.peers.deliveries import Deliveries
from benchmarks.sinks import open_sink
from relance.errors import DependencyUnavailable


@pytest.mark.debian
async def test_what_the_sink_lacks_and_has_too_often_is_counted_by_recipient() -> None:
    with deliveries.place() as kept:
        async with (
            open_sink(kept.parents[1], kept) as sink,
            aiosmtplib.SMTP(hostname=sink.address[0], port=sink.address[1]) as client,
        ):
            assert sink.kind == "smtp-sink"
            for name in ("twice", "twice", "once", "thrice", "thrice", "thrice"):
                await client.sendmail("a@one.example", [f"{name}@two.example"], b"Subject: x\r\n\r\nx\r\n")
        recipients = [f"{name}@two.example" for name in ("never", "once", "twice", "thrice")]
        assert Deliveries.of(kept, recipients, wanted=2) == Deliveries(lost=3, duplicates=1)


def test_a_server_that_is_missing_is_named_with_its_package() -> None:
    with pytest.raises(DependencyUnavailable, match="Debian package no-such-package"):
        servers.program("no-such-server", "no-such-package")


def test_markers_of_one_task_are_one_action_and_events_without_a_price_none() -> None:
    def marker(task: int) -> HistoryEvent:
        attributes = MarkerRecordedEventAttributes(workflow_task_completed_event_id=task)
        kind = EventType.EVENT_TYPE_MARKER_RECORDED
        return HistoryEvent(event_type=kind, marker_recorded_event_attributes=attributes)

    plain = [EventType.EVENT_TYPE_TIMER_STARTED, EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_STARTED]
    events = [marker(4), marker(4), *(HistoryEvent(event_type=kind) for kind in plain), marker(9)]
    assert actions_of(events) == {"markers": 2, "timers": 2}
