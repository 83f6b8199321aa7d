"""What every channel does, whatever carries it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from relance.errors import ChannelGone, ChannelRefused, ChannelUnavailable
from relance.settings.recipients import ChannelName
from tests.adapters.channels.contract.harness import Harness, Trouble
from tests.support.messages import a_foreign_message, a_message

EVERY = list(ChannelName)
REMOTE = [name for name in EVERY if name is not ChannelName.INBOX]
# Apprise tells no more than whether it worked.
TELLING = [name for name in REMOTE if name is not ChannelName.APPRISE]


def over(names: Sequence[ChannelName]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("chosen", names, indirect=True, ids=str)


@over(EVERY)
async def test_a_message_arrives_whole_with_its_key(harness: Harness, chosen: ChannelName) -> None:
    message = a_message()
    delivered = await harness.channel.deliver(message)
    assert (delivered.channel, delivered.repeated, harness.channel.name) == (chosen, False, chosen)
    (arrived,) = await harness.arrived()
    assert arrived.key == message.key or message.key in arrived.text
    for part in ("[09:00 AM] 🤖 Agent:", message.title, message.text, *(f"• {row}" for row in message.rows)):
        assert part in arrived.text
    assert message.offer in arrived.text


@over(EVERY)
async def test_the_same_key_twice_is_harmless_or_carries_the_same_key(harness: Harness) -> None:
    await harness.channel.deliver(a_message())
    again = await harness.channel.deliver(a_message())
    arrived = await harness.arrived()
    assert again.repeated is harness.once
    assert len(arrived) == (1 if harness.once else 2)
    assert all(one == arrived[0] for one in arrived)
    await harness.channel.deliver(a_message("another/key"))
    assert len({one.key or one.text for one in await harness.arrived()}) == 2


@over(EVERY)
async def test_ten_rows_are_shown_and_the_rest_is_counted(harness: Harness, chosen: ChannelName) -> None:
    for rows in (10, 11, 250):
        await harness.channel.deliver(a_message(f"rows/{rows}", rows=rows))
    ten, eleven, many = [one.text for one in await harness.arrived()]
    assert "Offer 10 ·" in ten
    assert "more" not in ten.replace(a_message().text, "").replace(a_message().offer, "")
    if chosen is ChannelName.MAIL:
        assert "Offer 200 ·" in many
        assert "… and 50 more" in many
        return
    assert "Offer 10 ·" in eleven
    assert "Offer 11 ·" not in eleven
    assert "… and 1 more" in eleven
    assert "… and 240 more" in many


@over(EVERY)
async def test_any_script_arrives_as_it_was_written(harness: Harness, chosen: ChannelName) -> None:
    message = a_foreign_message()
    await harness.channel.deliver(message)
    (arrived,) = await harness.arrived()
    shown = arrived.text
    if chosen is ChannelName.SLACK:
        assert "<!channel>" not in shown
        shown = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for part in (message.title, message.text, *message.rows, "[09:00] 🤖 Agent:"):
        assert part in shown


@over(TELLING)
async def test_429_is_unavailable_and_names_the_wait(harness: Harness) -> None:
    await harness.trouble(Trouble.BUSY)
    with pytest.raises(ChannelUnavailable) as caught:
        await harness.channel.deliver(a_message())
    assert caught.value.retry_after == (7.0 if harness.names_wait else None)
    assert await harness.arrived() == []


@over(REMOTE)
@pytest.mark.parametrize("kind", [Trouble.BROKEN, Trouble.SILENT])
async def test_a_broken_or_silent_channel_is_unavailable_and_takes_the_next_try(
    harness: Harness, kind: Trouble, chosen: ChannelName
) -> None:
    await harness.trouble(kind)
    with pytest.raises(ChannelUnavailable) as caught:
        await harness.channel.deliver(a_message())
    assert caught.value.channel == chosen
    assert caught.value.retry_after is None
    assert await harness.arrived() == []
    await harness.channel.deliver(a_message())
    assert len(await harness.arrived()) == 1


@over(REMOTE)
async def test_a_lost_answer_leads_to_one_more_message_with_the_same_key(harness: Harness) -> None:
    await harness.trouble(Trouble.LOST_REPLY)
    with pytest.raises(ChannelUnavailable):
        await harness.channel.deliver(a_message(rows=7))
    await harness.channel.deliver(a_message(rows=7))
    # A message that an earlier test gave up waiting for may still come in.
    first, second = [one for one in await harness.arrived() if "partner P7" in one.text]
    assert first == second


@over(TELLING)
async def test_a_refusal_is_no_reason_to_try_again(harness: Harness) -> None:
    await harness.trouble(Trouble.REFUSED)
    with pytest.raises(ChannelRefused):
        await harness.channel.deliver(a_message())


@over(TELLING)
async def test_a_channel_that_is_gone_says_so(harness: Harness) -> None:
    await harness.trouble(Trouble.GONE)
    with pytest.raises(ChannelGone):
        await harness.channel.deliver(a_message())


@over(REMOTE)
async def test_no_error_tells_where_the_channel_is(harness: Harness) -> None:
    await harness.trouble(Trouble.BROKEN)
    with pytest.raises(ChannelUnavailable) as caught:
        await harness.channel.deliver(a_message())
    for secret in ("secret", "http", "127.0.0.1", "@mail.example"):
        assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
