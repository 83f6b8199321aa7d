from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from relance.contracts.alerts import Decided, Inhibited, SilencedKeys
from relance.domain.alerts.model import AlertEvent, AlertState, HistoryEntry, Rule
from relance.domain.alerts.suppression import Matcher, Silence
from relance.domain.failures import Severity
from relance.errors import NotFound
from tests.services.alerts.conftest import Bureau, sighting

KEY = "default-lp/0.1.376"
OTHER = "default-lp/9.9.9"
HOUR = timedelta(hours=1)


async def resolve(bureau: Bureau, key: str) -> None:
    entry = HistoryEntry(at=bureau.clock.now(), event=AlertEvent.RESOLVED)
    await bureau.data.alerts.record({key: [entry]})


def silence(bureau: Bureau, matcher: Matcher, span: timedelta = HOUR) -> Silence:
    now = bureau.clock.now()
    return Silence(
        id="s1", matcher=matcher, reason="known, being mended", author="ann", starts_at=now, ends_at=now + span
    )


async def test_what_a_run_saw_is_stored_before_the_group_hears_of_it(bureau: Bureau) -> None:
    taken = await bureau.desk.observe("default-lp", [sighting(), sighting("9.9.9")], "2026-11-03")
    assert sorted(alert.key for alert in taken) == [KEY, OTHER]
    assert (await bureau.stored(KEY)).state is AlertState.FIRING
    assert bureau.groups.summary() == [("default-lp", [KEY, OTHER], [])]
    news = bureau.groups.conditions[0][1]
    assert (news.whole, news.observation, news.inhibited_by) == (True, "2026-11-03", None)


async def test_a_run_that_finds_nothing_and_has_nothing_open_wakes_nobody(bureau: Bureau) -> None:
    assert await bureau.desk.observe("default-lp", [], "2026-11-03") == []
    assert bureau.groups.conditions == []


async def test_what_a_later_run_does_not_see_is_gone(bureau: Bureau) -> None:
    await bureau.desk.observe("default-lp", [sighting(), sighting("9.9.9")], "2026-11-03")
    await bureau.desk.observe("default-lp", [sighting(observation="2026-11-04")], "2026-11-04")
    assert bureau.groups.summary()[1] == ("default-lp", [KEY], [OTHER])


async def test_two_runs_of_one_day_open_one_alert(bureau: Bureau) -> None:
    await asyncio.gather(*(bureau.desk.observe("default-lp", [sighting()], "2026-11-03") for _ in range(5)))
    assert len(await bureau.data.alerts.open()) == 1


async def test_a_run_of_an_earlier_day_changes_nothing_any_more(bureau: Bureau) -> None:
    await bureau.desk.observe("default-lp", [sighting(value=63)], "2026-11-03")
    assert await bureau.desk.observe("default-lp", [sighting(value=99, observation="2026-11-01")], "2026-11-01") == []
    assert len(bureau.groups.conditions) == 1
    assert (await bureau.stored(KEY)).evidence.value == 63


async def test_the_same_day_looked_at_again_after_its_alert_resolved_does_not_open_it_again(bureau: Bureau) -> None:
    await bureau.desk.observe("default-lp", [sighting()], "2026-11-03")
    await resolve(bureau, KEY)
    assert await bureau.desk.observe("default-lp", [sighting()], "2026-11-03") == []
    assert len(bureau.groups.conditions) == 1


async def test_a_condition_that_comes_back_later_is_a_new_alert(bureau: Bureau) -> None:
    first = (await bureau.desk.observe("default-lp", [sighting()], "2026-11-03"))[0]
    await resolve(bureau, KEY)
    bureau.pass_time(48 * HOUR)
    second = (await bureau.desk.observe("default-lp", [sighting(observation="2026-11-05")], "2026-11-05"))[0]
    assert first.id != second.id


async def test_while_everflow_is_down_what_depends_on_it_is_held_back_and_released_afterwards(bureau: Bureau) -> None:
    bureau.groups.running = {"no-data", "default-lp"}
    await bureau.desk.fire([sighting("everflow", rule=Rule.EVERFLOW_DOWN, observation="")])
    await bureau.desk.fire([sighting("default-lp", rule=Rule.NO_DATA)])
    assert [news.inhibited_by for _, news in bureau.groups.conditions] == [None, "everflow-down"]
    await bureau.desk.inhibit("everflow-down")
    assert bureau.groups.told == [(g, Inhibited(by="everflow-down")) for g in ("default-lp", "no-data")]
    bureau.groups.told.clear()
    await resolve(bureau, "everflow-down/everflow")
    await bureau.desk.inhibit("everflow-down")
    assert bureau.groups.told == [(g, Inhibited(by=None)) for g in ("default-lp", "no-data")]


async def test_clearing_is_told_only_of_what_is_open_and_not_overtaken(bureau: Bureau) -> None:
    assert not await bureau.desk.clear(Rule.NO_DATA, "default-lp", "2026-11-03")
    await bureau.desk.fire([sighting("default-lp", rule=Rule.NO_DATA, observation="2026-11-03")])
    assert not await bureau.desk.clear(Rule.NO_DATA, "default-lp", "2026-11-02")
    assert await bureau.desk.clear(Rule.NO_DATA, "default-lp", "2026-11-03")
    assert bureau.groups.summary()[-1] == ("no-data", [], ["no-data/default-lp"])


@pytest.mark.parametrize("target", [KEY, "default-lp"])
async def test_an_acknowledgement_is_stored_with_its_author_and_told(bureau: Bureau, target: str) -> None:
    await bureau.desk.fire([sighting()])
    decided = await bureau.desk.acknowledge(target, "ann")
    assert [(alert.key, alert.state, alert.acknowledged_by) for alert in decided] == [
        (KEY, AlertState.ACKNOWLEDGED, "ann")
    ]
    assert bureau.groups.told == [("default-lp", Decided(keys=(KEY,)))]


async def test_an_acknowledgement_of_nothing_is_refused(bureau: Bureau) -> None:
    with pytest.raises(NotFound, match="alerts list"):
        await bureau.desk.acknowledge("default-lp", "ann")


async def test_a_silence_holds_for_what_is_open_and_for_what_opens_later(bureau: Bureau) -> None:
    await bureau.desk.fire([sighting()])
    found = await bureau.desk.silence(silence(bureau, Matcher(rule="default-*")))
    until = bureau.clock.now() + HOUR
    assert [alert.key for alert in found] == [KEY]
    assert bureau.groups.told == [("default-lp", Decided(keys=(KEY,), until=until))]
    await bureau.desk.fire([sighting("9.9.9")])
    assert bureau.groups.conditions[-1][1].silenced == (SilencedKeys(keys=(OTHER,), until=until),)
    later = await bureau.stored(OTHER)
    assert (later.state, later.history[-1].by, later.history[-1].detail) == (
        AlertState.SILENCED,
        "ann",
        "known, being mended",
    )


async def test_an_ended_silence_holds_nothing(bureau: Bureau) -> None:
    await bureau.desk.silence(silence(bureau, Matcher(rule="default-*")))
    bureau.pass_time(HOUR)
    await bureau.desk.fire([sighting()])
    assert bureau.groups.conditions[-1][1].silenced == ()


async def test_nobody_silences_a_critical_alert_by_accident(bureau: Bureau) -> None:
    await bureau.desk.fire([sighting(severity=Severity.CRITICAL)])
    assert await bureau.desk.silence(silence(bureau, Matcher(rule="*"))) == []
    named = silence(bureau, Matcher(rule="*", severity=Severity.CRITICAL)).model_copy(update={"id": "s2"})
    assert [alert.key for alert in await bureau.desk.silence(named)] == [KEY]
