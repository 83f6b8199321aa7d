"""A group whose alerts go by several routes: each chat gets what is its own, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relance.contracts.alerts import DetailsAsked
from relance.domain.alerts.routing import AlertRoute, QuietHours
from relance.domain.failures import Severity
from tests.workflows.test_alert import HOUR, MINUTE, Group, firing, group, seen

__all__ = ["group"]

DUTY = AlertRoute(name="duty", severities=(Severity.CRITICAL,), always=("inbox",), order=("slack:duty", "mail:duty"))
DESK = AlertRoute(name="desk", severities=(Severity.HIGH,), always=("slack:desk",))
REST = AlertRoute(name="default", always=("inbox",), order=("slack", "mail"))
ROUTES = (DUTY, DESK, REST)


def quiet_now(hours: int = 2) -> QuietHours:
    now = datetime.now(UTC)
    clock = "%H:%M"
    return QuietHours(start=f"{now - HOUR:{clock}}", end=f"{now + hours * HOUR:{clock}}", zone="UTC")


async def test_each_route_gets_its_own_alerts_under_its_own_numbers(group: Group) -> None:
    group.room.routes = ROUTES
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b"), firing("c", Severity.MEDIUM)))
    assert await group.told(1, "slack:duty") == [("firing", 0, 1)]
    assert await group.told(1, "slack:desk") == [("firing", 0, 1)]
    keys = {one.channel: [line.key for line in one.lines] for one in group.room.posts if one.channel != "inbox"}
    assert (keys["slack:duty"], keys["slack:desk"]) == (["a"], ["b"])
    assert {one.route for one in group.room.posts if one.channel == "slack:desk"} == {"desk"}
    await group.until(lambda: "sent" in group.room.events("b"))
    assert group.room.told("mail:duty") == []


async def test_escalation_and_acknowledgement_hold_within_a_route(group: Group) -> None:
    group.room.routes = ROUTES
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b")))
    await group.told(1, "slack:duty")
    await group.told(1, "slack:desk")
    await group.passes(16 * MINUTE)
    assert await group.told(1, "mail:duty") == [("escalation", 1, 1)]
    await group.decides("a", "b")
    await group.passes(5 * HOUR)
    assert len(group.room.told("slack:duty")) == 1
    assert len(group.room.told("slack:desk")) == 1


async def test_a_route_that_is_down_neither_holds_up_nor_repeats_another(group: Group) -> None:
    group.room.routes = ROUTES
    group.room.busy = {"slack:desk"}
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b")))
    await group.told(1, "slack:duty")
    await group.until(lambda: "sent" in group.room.events("a"))
    group.room.busy = set()
    await group.passes(6 * MINUTE)
    assert await group.told(1, "slack:desk") == [("firing", 0, 1)]
    assert group.room.told("slack:duty") == [("firing", 0, 1)]


async def test_while_a_route_is_down_another_gets_its_news(group: Group) -> None:
    group.room.routes = ROUTES
    group.room.busy = {"slack:desk"}
    await group.sees(seen(firing("b")))
    await group.until(lambda: group.view_has("ChannelUnavailable"))
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b")))
    assert await group.told(1, "slack:duty") == [("firing", 0, 1)]


async def test_who_took_a_message_does_not_get_it_again_while_the_next_in_line_is_waited_for(group: Group) -> None:
    group.room.routes = (AlertRoute(name="default", always=("slack:a",), order=("slack:b",)),)
    group.room.busy = {"slack:b"}
    await group.sees(seen(firing("a")))
    await group.told(1, "slack:a")
    await group.passes(11 * MINUTE)
    group.room.busy = set()
    await group.passes(6 * MINUTE)
    assert await group.told(1, "slack:b") == [("firing", 0, 1)]
    assert group.room.told("slack:a") == [("firing", 0, 1)]


async def test_in_quiet_hours_only_critical_alerts_are_told_and_the_rest_once_at_their_end(group: Group) -> None:
    group.room.routes = (REST.model_copy(update={"quiet": quiet_now()}),)
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b"), firing("c")))
    assert await group.told(1) == [("firing", 0, 1)]
    await group.until(lambda: "suppressed" in group.room.events("b"))
    # It is over before the quiet hours are: nobody needs to hear of it.
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b"), observation="2026-11-22"))
    await group.decides("a")
    await group.passes(2 * HOUR + MINUTE)
    told = await group.told(2)
    assert told[0] == ("firing", 0, 1)
    assert [(kind, alerts) for kind, _, alerts in told[1:]] == [("firing", 1)]
    assert [line.key for line in group.room.posts[-1].lines] == ["b"]
    assert "sent" not in group.room.events("c")


async def test_what_becomes_critical_in_quiet_hours_is_told_at_once(group: Group) -> None:
    group.room.routes = (REST.model_copy(update={"quiet": quiet_now()}),)
    await group.sees(seen(firing("a")))
    await group.until(lambda: "suppressed" in group.room.events("a"))
    assert group.room.posts == []
    await group.sees(seen(firing("a", Severity.CRITICAL), observation="2026-11-22"))
    assert await group.told(1) == [("firing", 0, 1)]


async def test_the_details_go_by_the_routes_too(group: Group) -> None:
    group.room.routes = ROUTES
    await group.sees(seen(firing("a", Severity.CRITICAL), firing("b")))
    await group.told(1, "slack:duty")
    await group.told(1, "slack:desk")
    await group.groups.notify(group.name, DetailsAsked(keys=("a", "b")))
    assert (await group.told(2, "slack:desk"))[1] == ("details", 1, 1)
    assert (await group.told(2, "slack:duty"))[1] == ("details", 1, 1)


async def test_an_alert_that_opened_without_routes_goes_on_by_those_of_today(group: Group) -> None:
    await group.sees(seen(firing("a"), firing("b", Severity.CRITICAL)))
    await group.told(1)
    group.room.routes = ROUTES
    await group.passes(4 * HOUR + timedelta(minutes=1))
    assert (await group.told(1, "slack:desk"))[0][0] == "repeat"
    assert {line.key for one in group.room.posts if one.channel == "slack:desk" for line in one.lines} == {"a"}
