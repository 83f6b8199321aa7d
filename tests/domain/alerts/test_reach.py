"""Whether anybody is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relance.domain.alerts.reach import Reach, reached
from relance.domain.alerts.routing import AlertRoute
from relance.domain.channels.channel_state import ChannelCondition, ChannelState
from relance.domain.health import watchdog
from relance.domain.health.watchdog import EffectState

NOW = datetime(2026, 3, 11, tzinfo=UTC)


def state(name: str, condition: ChannelCondition, address: str = "here") -> ChannelState:
    return ChannelState(name=name, condition=condition, since=NOW, at=NOW, address=address, detail="it answered 404")


def judged(*names: str, **states: ChannelCondition) -> Reach:
    known = {name: state(name, one) for name, one in states.items()}
    [found] = reached([AlertRoute(name="default", order=names)], known, lambda _: "here")
    return found.reach


@pytest.mark.parametrize(
    ("names", "states", "expected"),
    [
        ((), {}, Reach.NOBODY),
        (("inbox",), {"inbox": ChannelCondition.WORKING}, Reach.NOBODY),
        (("inbox", "slack"), {}, Reach.UNTRIED),
        (("slack",), {"slack": ChannelCondition.WORKING}, Reach.TOLD),
        (("slack",), {"slack": ChannelCondition.FAILING}, Reach.NOBODY),
        (("slack",), {"slack": ChannelCondition.GONE}, Reach.NOBODY),
        (("slack", "mail"), {"slack": ChannelCondition.GONE, "mail": ChannelCondition.WORKING}, Reach.TOLD),
        (("slack", "mail"), {"slack": ChannelCondition.FAILING}, Reach.UNTRIED),
        (("slack", "mail"), {"slack": ChannelCondition.FAILING, "mail": ChannelCondition.GONE}, Reach.NOBODY),
    ],
)
def test_people_are_told_by_a_channel_to_people_that_works(
    names: tuple[str, ...], states: dict[str, ChannelCondition], expected: Reach
) -> None:
    assert judged(*names, **states) is expected


def test_how_a_channel_fared_at_another_address_says_nothing() -> None:
    known = {"slack": state("slack", ChannelCondition.GONE, "elsewhere")}
    [found] = reached([AlertRoute(name="default", order=("slack",))], known, lambda _: "here")
    assert found.reach is Reach.UNTRIED


def test_every_route_is_judged_and_the_default_only_if_something_is_left_for_it() -> None:
    desk = AlertRoute(name="desk", rules=("default-lp",), order=("inbox",))
    rest = AlertRoute(name="default", order=("slack",))
    works = {"slack": state("slack", ChannelCondition.WORKING)}
    found = reached([desk, rest], works, lambda _: "here")
    assert [(one.what, one.reach) for one in found] == [
        ("alerts of route desk", Reach.NOBODY),
        ("alerts", Reach.TOLD),
    ]
    everything = AlertRoute(name="all", order=("slack",))
    nothing_left = reached([everything, AlertRoute(name="default", always=("inbox",))], works, lambda _: "here")
    assert [one.reach for one in nothing_left] == [Reach.TOLD]


def test_the_watchdog_says_that_nobody_is_told_and_what_to_do() -> None:
    [effect] = watchdog.readers(reached([AlertRoute(name="default", always=("inbox",))], {}, str))
    assert effect.state is EffectState.STOPPED
    assert "nobody is told" in effect.detail
    assert "inbox alone" in effect.detail
    assert "RELANCE_CHANNELS__ORDER" in effect.detail
