"""What is special about each channel's form."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from relance.adapters.channels.http import ChannelHttp
from relance.adapters.channels.slack import Slack, answer
from relance.adapters.channels.teams import MOST_BYTES, Teams
from relance.devstack.chat.client import Chat
from relance.domain.channels.messages import Attachment, OutgoingMessage
from relance.domain.failures import Severity
from relance.rendering.alert_mail import AlertMailWriter
from relance.settings.channels import Channels
from relance.settings.mail import MailGroup
from tests.support.messages import KEY, PNG, a_foreign_message, a_message

MESSAGE_ID = "<alert.1@form-a-friend.example>"


@pytest.fixture
def slack(channel_http: ChannelHttp, channel_settings: Channels) -> Slack:
    assert channel_settings.slack_url is not None
    return Slack(channel_http, channel_settings.slack_url)


@pytest.fixture
def teams(channel_http: ChannelHttp, channel_settings: Channels) -> Teams:
    assert channel_settings.teams_url is not None
    return Teams(channel_http, channel_settings.teams_url)


def _huge() -> OutgoingMessage:
    return replace(a_message(), title="t" * 5000, text="é" * 50_000, rows=("<é>" * 5000,) * 30)


async def test_slack_takes_a_message_of_any_length(slack: Slack, chat: Chat) -> None:
    await slack.deliver(_huge())
    (posted,) = await chat.messages()
    assert posted.body["blocks"][1]["block_id"] == KEY


async def test_mattermost_reads_the_text_and_mentions_nobody_for_a_partners_name(slack: Slack, chat: Chat) -> None:
    await slack.deliver(a_foreign_message())
    text = (await chat.messages())[0].body["text"]
    assert "Société Générale · 1 240,00 €" in text
    for dangerous in ("@here", "<!channel>", "](https"):
        assert dangerous not in text


async def test_slack_shows_links_and_a_row_cannot_make_one(slack: Slack, chat: Chat) -> None:
    chart = Attachment("revenue.png", "image/png", PNG, url="https://desk.example/charts/1.png")
    await slack.deliver(replace(a_message(rows=1), rows=("<https://evil.example|Details>",), attachments=(chart,)))
    blocks = (await chat.messages())[0].body["blocks"]
    shown = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert shown[1] == "• &lt;https://evil.example|Details&gt;"
    assert shown[-1] == (
        "<https://desk.example/alerts/1?a=1&amp;b=2|Answer in the console> · <https://desk.example/charts/1.png|revenue.png>"
    )
    assert all(block["text"].get("verbatim") for block in blocks if block["type"] == "section")


async def test_a_teams_card_of_any_length_stays_below_its_limit(teams: Teams, chat: Chat) -> None:
    await teams.deliver(replace(_huge(), rows=("🙂" * 5000,) * 30))
    (posted,) = await chat.messages()
    assert len(posted.raw.encode()) <= MOST_BYTES
    assert "… and 20 more" in posted.raw


async def test_a_teams_card_has_its_key_its_links_and_no_markdown(teams: Teams, chat: Chat) -> None:
    await teams.deliver(a_message())
    card = (await chat.messages())[0].body["attachments"][0]["content"]
    (container,) = card["body"]
    assert container["id"] == KEY
    assert {item["type"] for item in container["items"]} == {"RichTextBlock"}
    assert card["actions"] == [
        {"type": "Action.OpenUrl", "title": "Answer in the console", "url": a_message().details_url}
    ]


def _mail(message: OutgoingMessage) -> EmailMessage:
    raw = AlertMailWriter(MailGroup()).write(message, "desk@mail.example", MESSAGE_ID)
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=default)


def test_a_mail_shows_its_chart_within_the_text() -> None:
    mail = _mail(
        replace(
            a_message(chart=True),
            attachments=(Attachment("revenue.png", "image/png", PNG), Attachment("rows.csv", "text/csv", b"a;b\r\n")),
        )
    )
    html = mail.get_body(("html",))
    related = mail.get_body(("related",))
    assert html is not None
    assert related is not None
    image = list(related.iter_parts())[1]
    assert image.get_content() == PNG
    assert image.get_content_disposition() == "inline"
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html.get_content()
    assert [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()] == [("rows.csv", "a;b\r\n")]


def test_a_chart_in_a_mail_leads_to_its_full_size_and_is_not_listed_again() -> None:
    url = "https://desk.example/attachments/v1.a.b"
    mail = _mail(replace(a_message(), attachments=(Attachment("revenue.png", "image/png", PNG, url),)))
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert html.get_content().count(url) == 1
    assert f'<a href="{url}"><img' in html.get_content()
    assert f"revenue.png: {url}" in text.get_content()


def test_a_mails_headers_say_who_which_and_how_urgent() -> None:
    mail = _mail(replace(a_message(), title="🚨 Alert\r\nBcc: everyone@mail.example\u2028" + "x" * 500))
    assert "bcc" not in mail
    assert mail["Subject"].startswith("🚨 Alert Bcc: everyone@mail.example x")
    assert (mail["Message-ID"], mail["X-Deduplication-Key"]) == (MESSAGE_ID, KEY)
    assert (mail["To"], mail["Auto-Submitted"], mail["Importance"]) == ("desk@mail.example", "auto-generated", "high")
    assert "Form-a-Friend" in mail["From"]
    assert mail["Date"].datetime == a_message().at
    assert _mail(replace(a_message(), severity=Severity.LOW))["Importance"] == "normal"


def test_a_row_is_text_and_never_markup() -> None:
    html = _mail(replace(a_message(), rows=("<script>alert(1)</script> {{ 7 * 7 }}",))).get_body(("html",))
    assert html is not None
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in html.get_content()


@pytest.mark.parametrize("key", ["", "a b", "a\r\nb: c", "é", "x" * 256])
def test_a_key_that_could_not_travel_in_a_header_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        a_message(key)


async def test_slack_takes_buttons_and_answers_where_an_app_is_configured(
    channel_http: ChannelHttp, channel_settings: Channels, chat: Chat
) -> None:
    assert channel_settings.slack_url is not None
    slack = Slack(channel_http, channel_settings.slack_url, has_buttons=True)
    about = tuple(f"default-lp/0.1.{number}" for number in range(20))
    await slack.deliver(replace(a_message("k/1"), about=about))
    await slack.deliver(replace(a_message("k/2"), about=(*about, "x" * 2000)))
    await slack.deliver(replace(a_message("k/3"), about=about, offer=""))
    await answer(channel_http, channel_settings.slack_url.get_secret_value(), a_message("k/4"), is_public=True)
    first, second, third, answered = [posted.body for posted in await chat.messages()]
    buttons = first["blocks"][-1]["elements"]
    assert [button["text"]["text"] for button in buttons] == ["Details", "Acknowledge"]
    assert {tuple(button["value"].split()) for button in buttons} == {about}
    for other in (second, third, answered):
        assert "actions" not in [block["type"] for block in other["blocks"]]
    assert (answered["response_type"], answered["replace_original"]) == ("in_channel", False)


async def test_each_chat_links_to_the_alert_in_the_console(slack: Slack, teams: Teams, chat: Chat) -> None:
    message = replace(a_message(), details_url="https://relance.example/console/chat?alert=default-lp#alert-1")
    await slack.deliver(message)
    await teams.deliver(message)
    to_slack, to_teams = [posted.body for posted in await chat.messages()]
    assert f"Answer in the console: {message.details_url}" in to_slack["text"], "Mattermost reads the text"
    assert f"<{message.details_url}|Answer in the console>" in to_slack["blocks"][-1]["text"]["text"]
    actions = to_teams["attachments"][0]["content"]["actions"]
    assert actions == [{"type": "Action.OpenUrl", "title": "Answer in the console", "url": message.details_url}]
