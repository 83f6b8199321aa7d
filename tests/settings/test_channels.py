"""What the channels' settings accept."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from relance.settings.channels import Channels
from relance.settings.recipients import ChannelName

SECRET = "whsec_" + "b2xkIHNlY3JldCBvZiB0aGlydHkgdHdvIGJ5dGVz"


def test_channels_are_named_in_order() -> None:
    channels = Channels(order=" slack, mail ", slack_url=SecretStr("https://hooks.example/x"), mail_to="a@b.example")
    assert channels.always_names == (ChannelName.INBOX,)
    assert channels.order_names == (ChannelName.SLACK, ChannelName.MAIL)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"order": "slack,pager"}, "no channel is called pager"),
        ({"always": "inbox,inbox"}, "named twice"),
        ({"order": "slack"}, "slack_url is not set"),
        ({"order": "teams"}, "teams_url is not set"),
        ({"always": "mail"}, "mail_to is not set"),
        ({"order": "apprise"}, "apprise_url is not set"),
        ({"order": "webhook", "webhook_url": "https://hooks.example/"}, "webhook_secrets is not set"),
        ({"webhook_secrets": f"{SECRET},whsec_not base64"}, "base64"),
        ({"webhook_secrets": "whsec_c2hvcnQ="}, "24 to 64 bytes"),
        ({"mail_to": "a@b.example, c@d.example"}, "pattern"),
    ],
)
def test_what_could_not_work_is_refused_with_its_reason(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Channels(**given)


def test_secrets_are_several_and_never_shown() -> None:
    channels = Channels(
        webhook_secrets=SecretStr(f"{SECRET}, {SECRET}"), slack_url=SecretStr("https://h.example/topsecret")
    )
    assert [one.get_secret_value() for one in channels.secrets] == [SECRET, SECRET]
    assert "topsecret" not in repr(channels)
    assert SECRET not in repr(channels)
