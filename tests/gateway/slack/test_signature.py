"""Whose calls are taken: the example of Slack's documentation, and what is not signed like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relance.gateway.slack.pressed import is_of_slack
from relance.gateway.slack.signature import SIGNATURE, TIMESTAMP, verify
from relance.gateway.webhooks.model import SignatureRejected

# docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
AT = datetime.fromtimestamp(1531420618, UTC)
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
    b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNED = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_the_documented_example_is_taken() -> None:
    assert verify(SECRET, {TIMESTAMP: "1531420618", SIGNATURE: SIGNED}, BODY, AT) == SIGNED


@pytest.mark.parametrize(
    ("timestamp", "signature", "body", "later"),
    [
        ("1531420618", SIGNED, BODY + b" ", 0),
        ("1531420618", SIGNED[:-1] + "4", BODY, 0),
        ("1531420618", SIGNED.replace("v0", "v1"), BODY, 0),
        ("1531420618", "", BODY, 0),
        ("1531420618", "v0=é", BODY, 0),
        ("1531420618", SIGNED, BODY, 301),
        ("1531420618", SIGNED, BODY, -301),
        ("1531420619", SIGNED, BODY, 0),
        ("", SIGNED, BODY, 0),
        ("-1531420618", SIGNED, BODY, 0),
        ("١٥٣١٤٢٠٦١٨", SIGNED, BODY, 0),
        ("9" * 400, SIGNED, BODY, 0),
    ],
)
def test_anything_else_is_not(timestamp: str, signature: str, body: bytes, later: int) -> None:
    with pytest.raises(SignatureRejected):
        verify(SECRET, {TIMESTAMP: timestamp, SIGNATURE: signature}, body, AT + timedelta(seconds=later))


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://hooks.slack.com/actions/T0/1/x", True),
        ("https://HOOKS.slack.com:443/actions/T0/1/x", True),
        ("http://hooks.slack.com/actions/T0/1/x", False),
        ("https://hooks.slack.com.evil.example/actions", False),
        ("https://hooks.slack.com@evil.example/actions", False),
        ("https://user:word@hooks.slack.com/actions", False),
        ("https://hooks.slack.com:8443/actions", False),
        ("https://hooks.slack.com:x/actions", False),
        ("https://evil.example/hooks.slack.com", False),
        ("https://[::1]/actions", False),
        ("https://hooks.slack.com\\@evil.example/", False),
        ("//hooks.slack.com/actions", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_alone(address: str, is_one: bool) -> None:
    assert is_of_slack(address) is is_one
