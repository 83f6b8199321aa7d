"""What `doctor` says of the ways in: the links as seen from outside, and the listener of the mail intake."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relance.devstack.processes import free_port
from relance.gateway.application import application
from relance.gateway.server import serving
from relance.settings.gateway import Gateway
from relance.settings.intake import Intake
from tests.support.gateway_needs import needs_of
from tests.support.keys import ENVIRONMENT
from tests.support.smtp_relay import Relay
from tests.support.terminal import Terminal

NOBODY = {
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    "RELANCE_MONGO__URI": "mongodb://127.0.0.1:1/?replicaSet=rs0",
    "RELANCE_MAIL__PORT": "1",
}


async def rows(what: str, **environment: str) -> list[dict[str, Any]]:
    ended = await asyncio.to_thread(Terminal({**ENVIRONMENT, **NOBODY, **environment}).run, "doctor", "--json")
    return [one for one in ended.data["checks"] if one["what"] == what]


async def test_links_that_lead_to_our_gateway_are_fine_and_others_are_wrong() -> None:
    settings = Gateway(port=free_port())
    ours, other = f"http://127.0.0.1:{settings.port}", f"http://127.0.0.1:{free_port()}"
    async with serving(settings, application(needs_of(settings=settings))):
        (found,) = await rows("unsubscribe link", RELANCE_GATEWAY__PUBLIC_URL=ours)
    (missed,) = await rows("unsubscribe link", RELANCE_GATEWAY__PUBLIC_URL=other)
    assert (found["state"], missed["state"]) == ("ok", "wrong")
    assert "worker.py --role gateway" in missed["remedy"]


async def test_names_for_examples_are_not_probed() -> None:
    (found,) = await rows("unsubscribe link")
    assert (found["state"], "RELANCE_GATEWAY__PUBLIC_URL" in found["remedy"]) == ("warning", True)


@pytest.mark.parametrize("there", [True, False])
async def test_the_listener_of_the_intake_greets_or_is_not_there(there: bool) -> None:
    relay = Relay()
    async with await relay.start():
        port = relay.port if there else free_port()
        (found,) = await rows("mail intake", RELANCE_INTAKE__PORT=str(port))
        relay.hang_up()
    assert found["state"] == ("ok" if there else "wrong")


async def test_a_listener_that_refuses_what_our_own_mails_name_is_wrong() -> None:
    relay = Relay()
    async with await relay.start():
        greets, refused = await rows(
            "mail intake",
            RELANCE_INTAKE__PORT=str(relay.port),
            RELANCE_INTAKE__DOMAINS="bounces.example.org",
            RELANCE_INTAKE__UNSUBSCRIBE_ADDRESS="stop@Mail.example.org",
            RELANCE_MAIL__BOUNCE_DOMAIN="bounces.example.org",
        )
        relay.hang_up()
    assert (greets["state"], refused["state"]) == ("ok", "wrong")
    assert refused["remedy"] == "add mail.example.org to RELANCE_INTAKE__DOMAINS"


@pytest.mark.parametrize(
    ("domains", "unsubscribe", "refused"),
    [
        ("", None, []),
        ("", "stop@a.example", []),
        ("a.example", None, ["b.example"]),
        ("a.example,B.example", "stop@c.example", ["c.example"]),
        ("c.example", "stop@c.example", ["b.example"]),
        ("a.example", "stop@b.example", ["b.example"]),
    ],
)
def test_the_domains_of_our_own_mails_are_those_of_bounces_and_unsubscribe_mails(
    domains: str, unsubscribe: str | None, refused: list[str]
) -> None:
    assert Intake(domains=domains, unsubscribe_address=unsubscribe).refused_domains("B.example") == refused
