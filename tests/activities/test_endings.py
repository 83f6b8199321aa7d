"""The end of a cycle, cut off and taken up again (SPEC C11)."""

from __future__ import annotations

import dataclasses

from temporalio.testing import ActivityEnvironment

from activities.cycle_control import Endings
from tests.activities.conftest import PERIOD, Office


async def test_ending_the_follow_ups_goes_on_at_the_page_it_had_reached(office: Office) -> None:
    data = office.data
    await data.raw.plans.insert_many([{"_id": f"{PERIOD}.{user}", "userId": user} for user in ("u1", "u2", "u3")])
    endings = Endings(data.controls, data.compensations, data.ledger, office.follow_ups, office.clock)
    environment = ActivityEnvironment()
    # As `heartbeating` sends it: one value, the place and the count.
    environment.info = dataclasses.replace(environment.info, heartbeat_details=[["u2", 5]])
    assert await environment.run(endings.stop_follow_ups, PERIOD) >= 5
    assert [user for _, user, _ in office.follow_ups.stopped] == ["u3"]
