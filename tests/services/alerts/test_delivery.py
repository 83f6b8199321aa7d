"""One message to one channel, the states of the channels, and the record of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from temporalio.exceptions import ApplicationError

from activities.alerts import Address, AlertDelivery, MessageLocale
from relance.contracts.alerts import AlertEntry, Inhibited, PostInput, RecordInput
from relance.contracts.names import ErrorType
from relance.domain.alerts.delivery import MessageLine, NotificationKind
from relance.domain.alerts.model import AlertEvent, AlertRecord, AlertState, Rule
from relance.domain.alerts.routing import AlertRoute
from relance.domain.channels.channel_state import ChannelCondition
from relance.domain.channels.messages import Attachment, OutgoingMessage, plain_text
from relance.errors import ChannelError, ChannelGone, ChannelRefused, ChannelUnavailable
from relance.ports import Delivered
from tests.services.alerts.conftest import NOMINAL, Bureau, perform, sighting
from tests.support.fakes import FakeMeter

KEY = "default-lp/0.1.376"


@dataclass
class ScriptedChannel:
    """Takes messages, unless the script has an error for this try."""

    name: str
    script: list[ChannelError] = field(default_factory=list)
    taken: list[OutgoingMessage] = field(default_factory=list)

    async def deliver(self, message: OutgoingMessage) -> Delivered:
        if self.script:
            raise self.script.pop(0)
        self.taken.append(message)
        return Delivered(self.name, repeated=any(one.key == message.key for one in self.taken[:-1]))


class Pictures:
    async def attachments(self, alerts: Sequence[AlertRecord], key: str, language: str) -> tuple[Attachment, ...]:
        return (Attachment("picture.png", "image/png", key.encode()),)


@pytest.fixture
def slack() -> ScriptedChannel:
    return ScriptedChannel("slack")


@pytest.fixture
def delivery(bureau: Bureau, slack: ScriptedChannel) -> AlertDelivery:
    return a_delivery(bureau, slack)


def a_delivery(
    bureau: Bureau, slack: ScriptedChannel, fingerprint: str = "f1", meter: FakeMeter | None = None
) -> AlertDelivery:
    addresses = {"slack": Address(slack, fingerprint), "inbox": Address(ScriptedChannel("inbox"), "")}
    return AlertDelivery(
        bureau.desk,
        bureau.data.channel_states,
        addresses,
        ("inbox",),
        ("inbox", "slack"),
        Pictures(),
        MessageLocale("en", "Europe/Amsterdam"),
        bureau.clock,
        meter or FakeMeter(),
    )


def request(telling: NotificationKind = NotificationKind.FIRING, **fields: object) -> PostInput:
    return PostInput.model_validate(
        {
            "channel": "slack",
            "group": "default-lp",
            "opened_at": NOMINAL,
            "sequence": 0,
            "telling": telling,
            "lines": (MessageLine(KEY, None), MessageLine("default-lp/unknown", None)),
            "at": NOMINAL,
            **fields,
        }
    )


async def test_a_message_is_written_from_the_stored_alerts_on_the_desks_clock(
    bureau: Bureau, delivery: AlertDelivery, slack: ScriptedChannel
) -> None:
    await bureau.desk.fire([sighting()])
    posted = await perform(delivery.post, request())
    assert (posted.channel, posted.repeated) == ("slack", False)
    text = plain_text(slack.taken[0])
    assert text.startswith("[09:00 AM] 🤖 Agent:\n\n🚨 Default LP Alert")
    assert [one.filename for one in slack.taken[0].attachments] == ["picture.png"]
    assert slack.taken[0].key == "alert/default-lp/2026-11-04T08:00:00.000000Z/0"


async def test_the_same_message_has_the_same_key_however_often_it_is_posted(
    bureau: Bureau, delivery: AlertDelivery, slack: ScriptedChannel
) -> None:
    await bureau.desk.fire([sighting()])
    results = [await perform(delivery.post, request()) for _ in range(2)]
    assert [one.repeated for one in results] == [False, True]
    await perform(delivery.post, request(sequence=1, telling=NotificationKind.RESOLVED))
    await perform(delivery.post, request(details=True))
    keys = [one.key.removeprefix("alert/default-lp/2026-11-04T08:00:00.000000Z/") for one in slack.taken]
    assert keys == ["0", "0", "1", "0/details/2026-11-04T08:00:00.000000Z"]
    assert slack.taken[2].attachments == ()


@pytest.mark.parametrize(
    ("error", "kind", "condition"),
    [
        (ChannelUnavailable("slack", "it answered 429", 12.0), ErrorType.CHANNEL_UNAVAILABLE, ChannelCondition.FAILING),
        (ChannelRefused("slack", "it answered 400"), ErrorType.CHANNEL_REFUSED, ChannelCondition.FAILING),
        (ChannelGone("slack", "it answered 410"), ErrorType.CHANNEL_GONE, ChannelCondition.GONE),
    ],
)
async def test_how_a_channel_failed_is_told_to_temporal_and_kept(
    bureau: Bureau,
    delivery: AlertDelivery,
    slack: ScriptedChannel,
    error: ChannelError,
    kind: ErrorType,
    condition: ChannelCondition,
) -> None:
    await bureau.desk.fire([sighting()])
    slack.script = [error]
    with pytest.raises(ApplicationError) as failed:
        await perform(delivery.post, request())
    assert failed.value.type == kind
    assert failed.value.non_retryable is (kind is not ErrorType.CHANNEL_UNAVAILABLE)
    delay = failed.value.next_retry_delay
    assert (delay.total_seconds() if delay else None) == getattr(error, "retry_after", None)
    state = (await bureau.data.channel_states.all())["slack"]
    assert (state.condition, state.detail, state.failed) == (condition, error.detail, 1)


async def test_a_channel_that_is_gone_stays_out_of_use_until_it_leads_elsewhere(
    bureau: Bureau, delivery: AlertDelivery, slack: ScriptedChannel
) -> None:
    await bureau.desk.fire([sighting()])
    before = await perform(delivery.ways)
    # What always gets a message does not get it a second time as the first in line.
    assert (before.always, before.order) == (("inbox",), ("slack",))
    slack.script = [ChannelGone("slack", "it answered 410")]
    with pytest.raises(ApplicationError):
        await perform(delivery.post, request())
    assert (await perform(delivery.ways)).order == ()
    moved = a_delivery(bureau, slack, fingerprint="f2")
    assert (await perform(moved.ways)).order == ("slack",)
    await perform(moved.post, request())
    state = (await bureau.data.channel_states.all())["slack"]
    assert (state.condition, state.delivered, state.failed) == (ChannelCondition.WORKING, 1, 1)


async def test_a_channel_that_is_gone_is_left_out_of_every_route_and_each_route_numbers_its_messages(
    bureau: Bureau, delivery: AlertDelivery, slack: ScriptedChannel
) -> None:
    await bureau.desk.fire([sighting()])
    desk = AlertRoute(name="desk", rules=("default-lp",), order=("slack", "inbox"))
    rest = AlertRoute(name="default", always=("inbox",), order=("slack",))
    routed = replace(delivery, routes=(desk, rest))
    assert (await perform(routed.ways)).routes == (desk, rest)
    await perform(routed.post, request())
    await perform(routed.post, request().model_copy(update={"route": "desk"}))
    assert len({one.key for one in slack.taken}) == 2
    slack.script = [ChannelGone("slack", "it answered 410")]
    with pytest.raises(ApplicationError):
        await perform(routed.post, request())
    assert [one.channels for one in (await perform(routed.ways)).routes] == [("inbox",), ("inbox",)]


async def test_what_happened_is_recorded_once_and_a_cause_tells_those_it_explains(
    bureau: Bureau, delivery: AlertDelivery
) -> None:
    bureau.groups.running = {"no-data"}
    await bureau.desk.fire([sighting("everflow", rule=Rule.EVERFLOW_DOWN, observation="")])
    key = "everflow-down/everflow"
    entries = [AlertEntry(key=key, event=AlertEvent.OPENED, at=NOMINAL)]
    await perform(delivery.record, RecordInput(group="everflow-down", entries=tuple(entries)))
    assert bureau.groups.told == [("no-data", Inhibited(by="everflow-down"))]
    entries = [
        AlertEntry(key=key, event=AlertEvent.SENT, at=NOMINAL, detail="firing"),
        AlertEntry(key=key, event=AlertEvent.RESOLVED, at=NOMINAL),
    ]
    for _ in range(2):
        await perform(delivery.record, RecordInput(group="everflow-down", entries=tuple(entries)))
    alert = await bureau.stored(key)
    assert alert.state is AlertState.RESOLVED
    assert [entry.event for entry in alert.history] == [AlertEvent.OPENED, AlertEvent.SENT, AlertEvent.RESOLVED]
    assert bureau.groups.told[-1] == ("no-data", Inhibited(by=None))


async def test_what_happens_to_alerts_and_messages_is_counted_by_rule_and_channel(
    bureau: Bureau, slack: ScriptedChannel
) -> None:
    meter = FakeMeter()
    delivery = a_delivery(bureau, slack, meter=meter)
    await bureau.desk.fire([sighting()])
    entries = (
        AlertEntry(key=KEY, event=AlertEvent.OPENED, at=NOMINAL),
        AlertEntry(key=KEY, event=AlertEvent.SUPPRESSED, at=NOMINAL, detail="unchanged"),
        AlertEntry(key=KEY, event=AlertEvent.SENT, at=NOMINAL, detail="slack: delivered"),
    )
    await perform(delivery.record, RecordInput(group="default-lp", entries=entries))
    slack.script = [ChannelGone("slack", "it answered 410"), ChannelUnavailable("slack", "it answered 503")]
    for _ in range(2):
        with pytest.raises(ApplicationError):
            await perform(delivery.post, request())
    for _ in range(2):
        await perform(delivery.post, request())
    assert meter.alert_events == [
        ("default-lp", "opened", None),
        ("default-lp", "suppressed", "unchanged"),
        ("default-lp", "sent", None),
    ]
    assert meter.alert_messages == [("slack", one) for one in ("gone", "unavailable", "delivered", "repeated")]
