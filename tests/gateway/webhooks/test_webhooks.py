"""What relays report over HTTP: signed calls have their effect, once; others have none."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr, ValidationError

from composition.intake import events_of_command, mail_intake
from relance import ids
from relance.adapters.mongo.connection import Database, connect
from relance.adapters.webhook_signatures import signed_headers
from relance.devstack.processes import free_port
from relance.domain.invitations.invitation import MailKind
from relance.errors import DependencyUnavailable
from relance.gateway.application import application
from relance.gateway.needs import IntakeNeeds
from relance.gateway.webhooks import routes
from relance.gateway.webhooks.sns import is_of_amazon
from relance.settings import Mongo
from relance.settings.gateway import Gateway
from relance.settings.intake import Intake
from tests.gateway.webhooks import keys
from tests.intake.examination import ADDRESSES, BOUNCES, DOMAIN, TOKENS
from tests.intake.examination import settings as intake_settings
from tests.intake.test_take import CLAIRE, INVITATION, invited, state
from tests.support.gateway_needs import needs_of
from tests.support.keys import PRIVACY
from tests.support.patience import PATIENCE_S

NEUTRAL, OLD_NEUTRAL = secrets.token_bytes(32), secrets.token_bytes(32)
MAILGUN = "a signing key of Mailgun's"
BASIC = ("relay", "a long password")
ALL = Intake(
    ses_topic=keys.TOPIC,
    postmark_auth=SecretStr(":".join(BASIC)),
    mailgun_key=SecretStr(MAILGUN),
    sendgrid_key=SecretStr(keys.ec_public()),
    neutral_secrets=SecretStr(",".join(f"whsec_{b64encode(key).decode()}" for key in (NEUTRAL, OLD_NEUTRAL))),
)
SENDER = f"bounce+{TOKENS.bounce_token(INVITATION)}@{BOUNCES}"
MESSAGE_ID = ids.message_id(INVITATION, MailKind.INVITATION, DOMAIN)
UNTOUCHED, BOUNCED, STOPPED = ("sent", "active", False), ("bounced", "bounced", True), ("cancelled", "opted_out", True)
UNKNOWN_USER, SPAM, FULL = "550 5.1.1 unknown user", "554 5.7.1 rejected as spam", "552 5.2.2 mailbox full"


@dataclass
class Amazon:
    """Answers for the addresses of SNS."""

    asked: list[str] = field(default_factory=list)
    pem: bytes = field(default_factory=keys.certificate)
    away: bool = False

    async def fetch(self, address: str) -> bytes:
        if self.away:
            raise DependencyUnavailable("Amazon SNS", "no answer")
        self.asked.append(address)
        return self.pem


@dataclass
class Door:
    """The webhooks in this process, over a real database."""

    http: httpx.AsyncClient
    amazon: Amazon
    refused: list[str]

    async def post(
        self, name: str, body: bytes | Any, headers: dict[str, str] | None = None, auth: httpx.BasicAuth | None = None
    ) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return (
            await self.http.post(
                f"/webhooks/{name}", content=raw, headers=headers, auth=auth or httpx.USE_CLIENT_DEFAULT
            )
        ).status_code


@asynccontextmanager
async def door_of(db: Database, settings: Intake = ALL, gateway: Gateway | None = None) -> AsyncIterator[Door]:
    amazon, refused = Amazon(), list[str]()
    service = mail_intake(intake_settings, db, events_of_command(db), lambda _kind, _outcome: None)
    needs = IntakeNeeds(settings=settings, service=service, fetch=amazon.fetch, refused=refused.append)
    transport = httpx.ASGITransport(app=application(needs_of(db, intake=needs, settings=gateway)))
    async with httpx.AsyncClient(transport=transport, base_url="http://relance.example") as http:
        yield Door(http, amazon, refused)


@pytest.fixture
async def door(db: Database) -> AsyncIterator[Door]:
    await invited(db)
    async with door_of(db) as opened:
        yield opened


def now() -> datetime:
    return datetime.now(UTC)


def ses(
    diagnostic: str, recipient: str = CLAIRE, *, type_: str = "Permanent", sub: str = "General", **mail: Any
) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": type_,
            "bounceSubType": sub,
            "bouncedRecipients": [
                {
                    "emailAddress": recipient,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": f"smtp; {diagnostic}",
                }
            ],
        },
        "mail": {"source": SENDER, "messageId": "0102017c", "destination": [recipient], **mail},
    }


def mailgun(event: dict[str, Any], *, key: str = MAILGUN, at: datetime | None = None) -> dict[str, Any]:
    stamp, token = str(int((at or now()).timestamp())), secrets.token_hex(25)
    signature = hmac.digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex()
    data = {
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "recipient": CLAIRE,
        "message": {"headers": {"message-id": MESSAGE_ID.strip("<>")}},
        **event,
    }
    return {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data}


def failed(said: str, **more: Any) -> dict[str, Any]:
    status = {"code": int(said[:3]), "message": said[4:]}
    return {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": status, **more}


def neutral(type_: str, **data: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"type": type_, "data": {"recipient": CLAIRE, "envelopeSender": SENDER, **data}}).encode()
    return body, signed_headers(NEUTRAL, "msg_1", now(), body)


Send = Callable[[Door], Any]


def by_sendgrid(*events: dict[str, Any]) -> Send:
    body = json.dumps(
        [{"email": CLAIRE, "smtp-id": MESSAGE_ID, "sg_event_id": f"e{n}", **one} for n, one in enumerate(events)]
    ).encode()
    return lambda door: door.post("sendgrid", body, keys.sendgrid_headers(body, now()))


def by_neutral(type_: str, **data: Any) -> Send:
    def send(door: Door) -> Any:
        body, headers = neutral(type_, **data)
        return door.post("neutral", body, headers)

    return send


def by_postmark(event: dict[str, Any]) -> Send:
    body = {"ID": 42, "Email": CLAIRE, "Metadata": {"invitation-message-id": MESSAGE_ID}, **event}
    return lambda door: door.post("postmark", body, auth=httpx.BasicAuth(*BASIC))


def by_mailgun(event: dict[str, Any]) -> Send:
    # Signed when it is sent: a call that was signed when the tests were collected may be too old by then.
    return lambda door: door.post("mailgun", mailgun(event))


def by_ses(message: dict[str, Any], version: str = "2") -> Send:
    return lambda door: door.post("ses", keys.sns(message, now(), version=version))


def complaint_of_ses() -> dict[str, Any]:
    details = {"complainedRecipients": [{"emailAddress": CLAIRE}], "complaintFeedbackType": "abuse"}
    return {"notificationType": "Complaint", "complaint": details, "mail": {"source": SENDER}}


HEADERS = [{"name": "Message-ID", "value": MESSAGE_ID}]
EFFECTS: dict[str, tuple[Send, tuple[str, str, bool]]] = {
    "ses, unknown user": (by_ses(ses(UNKNOWN_USER)), BOUNCED),
    "ses, signed by SHA-1": (by_ses(ses(UNKNOWN_USER), "1"), BOUNCED),
    "ses, only our Message-ID": (by_ses(ses(UNKNOWN_USER, source="x@y.example", headers=HEADERS)), BOUNCED),
    "ses, spam": (by_ses(ses(SPAM)), UNTOUCHED),
    "ses, transient": (by_ses(ses("450 4.4.1 timeout", type_="Transient")), UNTOUCHED),
    "ses, suppressed by itself": (by_ses(ses(UNKNOWN_USER, sub="OnAccountSuppressionList")), UNTOUCHED),
    "ses, another recipient": (by_ses(ses(UNKNOWN_USER, ADDRESSES["b"])), UNTOUCHED),
    "ses, complaint": (by_ses(complaint_of_ses()), STOPPED),
    "ses, delivery": (by_ses({"notificationType": "Delivery", "mail": {"source": SENDER}}), UNTOUCHED),
    "postmark, hard": (
        by_postmark({"RecordType": "Bounce", "Type": "HardBounce", "Details": f"smtp;{UNKNOWN_USER}"}),
        BOUNCED,
    ),
    "postmark, hard, about us": (
        by_postmark({"RecordType": "Bounce", "Type": "HardBounce", "Details": f"smtp;{SPAM}"}),
        UNTOUCHED,
    ),
    "postmark, blocked": (by_postmark({"RecordType": "Bounce", "Type": "Blocked", "Details": ""}), UNTOUCHED),
    "postmark, autoresponder": (
        by_postmark({"RecordType": "Bounce", "Type": "AutoResponder", "Details": UNKNOWN_USER}),
        UNTOUCHED,
    ),
    "postmark, complaint": (by_postmark({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}), STOPPED),
    "postmark, opened": (by_postmark({"RecordType": "Open"}), UNTOUCHED),
    "mailgun, unknown user": (by_mailgun(failed(UNKNOWN_USER)), BOUNCED),
    "mailgun, spam": (by_mailgun(failed(SPAM)), UNTOUCHED),
    "mailgun, temporary": (by_mailgun(failed(UNKNOWN_USER, severity="temporary")), UNTOUCHED),
    "mailgun, suppressed by itself": (by_mailgun(failed("605 Not delivering", reason="suppress-bounce")), UNTOUCHED),
    "mailgun, complaint": (by_mailgun({"event": "complained"}), STOPPED),
    "mailgun, unsubscribed": (by_mailgun({"event": "unsubscribed"}), STOPPED),
    "mailgun, delivered": (by_mailgun({"event": "delivered"}), UNTOUCHED),
    "sendgrid, unknown user": (
        by_sendgrid({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": UNKNOWN_USER}),
        BOUNCED,
    ),
    "sendgrid, blocked": (
        by_sendgrid({"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": SPAM}),
        UNTOUCHED,
    ),
    "sendgrid, full": (by_sendgrid({"event": "bounce", "type": "bounce", "reason": FULL}), UNTOUCHED),
    "sendgrid, dropped": (by_sendgrid({"event": "dropped", "reason": "Bounced Address"}), UNTOUCHED),
    "sendgrid, complaint among others": (
        by_sendgrid({"event": "delivered"}, {"event": "spamreport"}, {"event": "open"}),
        STOPPED,
    ),
    "neutral, bounced": (by_neutral("mail.bounced", code=550, status="5.1.1", diagnostic="unknown user"), BOUNCED),
    "neutral, deferred": (by_neutral("mail.deferred", diagnostic=UNKNOWN_USER), UNTOUCHED),
    "neutral, about us": (by_neutral("mail.bounced", diagnostic=SPAM), UNTOUCHED),
    "neutral, complained": (by_neutral("mail.complained"), STOPPED),
    "neutral, unsubscribed": (by_neutral("mail.unsubscribed"), STOPPED),
    "neutral, another type": (by_neutral("mail.sent"), UNTOUCHED),
    "neutral, a token of nobody": (
        by_neutral("mail.complained", envelopeSender=f"bounce+aaaaaaaaaaaa@{BOUNCES}"),
        UNTOUCHED,
    ),
}


@pytest.mark.parametrize("name", EFFECTS)
async def test_an_event_has_its_effect_and_no_other_once(door: Door, db: Database, name: str) -> None:
    send, expected = EFFECTS[name]
    assert await send(door) == 200
    assert await state(db) == expected
    records = await db.raw.intakeMessages.find({}).to_list(None)
    assert await send(door) == 200
    assert await db.raw.intakeMessages.find({}).to_list(None) == records
    assert "@" not in str(records)


async def test_content_of_a_bounce_names_our_mail_where_the_relay_does_not(door: Door, db: Database) -> None:
    head = "From: MAILER-DAEMON@relay.example\r\nContent-Type: message/rfc822\r\n\r\n"
    content = f"{head}Return-Path: <{SENDER}>\r\nSubject: x\r\n"
    event = {"RecordType": "Bounce", "Type": "HardBounce", "Details": UNKNOWN_USER, "Metadata": {}, "Content": content}
    assert await by_postmark(event)(door) == 200
    assert await state(db) == BOUNCED


def _tampered(raw: bytes) -> bytes:
    return raw.replace(b"550", b"551", 1)


async def test_whoever_lacks_the_secret_is_refused_and_changes_nothing(door: Door, db: Database) -> None:
    body, headers = neutral("mail.complained")
    event = ses(UNKNOWN_USER)
    old = now() - timedelta(hours=2)
    strange = ec.generate_private_key(ec.SECP256R1())
    sendgrid = json.dumps([{"event": "spamreport", "email": CLAIRE, "smtp-id": MESSAGE_ID}]).encode()
    calls = [
        door.post("neutral", body),
        door.post("neutral", body + b" ", headers),
        door.post("neutral", body, {**headers, "webhook-timestamp": "9"}),
        door.post("neutral", body, {**headers, "webhook-signature": "v1,AAAA"}),
        door.post("neutral", body, signed_headers(secrets.token_bytes(32), "msg_1", now(), body)),
        door.post("neutral", body, signed_headers(NEUTRAL, "msg_1", old, body)),
        door.post("postmark", {"RecordType": "SpamComplaint", "Email": CLAIRE}),
        door.post("postmark", {"RecordType": "SpamComplaint"}, auth=httpx.BasicAuth(BASIC[0], "wrong")),
        door.post("postmark", b"{}", {"authorization": "Basic ====="}),
        door.post("mailgun", mailgun(failed(UNKNOWN_USER), key="another")),
        door.post("mailgun", mailgun(failed(UNKNOWN_USER), at=old)),
        door.post("mailgun", {"event-data": failed(UNKNOWN_USER)}),
        door.post("sendgrid", sendgrid),
        door.post("sendgrid", sendgrid, keys.sendgrid_headers(sendgrid + b" ", now())),
        door.post("sendgrid", sendgrid, keys.sendgrid_headers(sendgrid, old)),
        door.post("sendgrid", sendgrid, keys.sendgrid_headers(sendgrid, now(), strange)),
        door.post("ses", _tampered(keys.sns(event, now()))),
        door.post("ses", keys.sns(event, old)),
        door.post("ses", keys.sns(event, now(), TopicArn=keys.TOPIC + "2")),
        door.post("ses", keys.sns(event, now(), Type="Other")),
        door.post("ses", keys.sns(event, now(), SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/a.pem")),
        door.post("ses", b"{}"),
    ]  # fmt: skip
    assert [await one for one in calls] == [401] * len(calls)
    assert await state(db) == UNTOUCHED
    assert door.refused == ["signature"] * len(calls)
    assert not [one for one in door.amazon.asked if one != keys.CERTIFICATE_URL]


async def test_what_is_signed_and_cannot_be_read_is_refused(door: Door) -> None:
    for body in (b"", b"[]", b"nothing", b"[" * 100_000, b'{"type": 1}'):
        assert await door.post("neutral", body, signed_headers(NEUTRAL, "m", now(), body)) == 400
        assert await door.post("sendgrid", b'{"a": 1}' + body, keys.sendgrid_headers(b'{"a": 1}' + body, now())) == 400
    assert await door.post("neutral", b" " * 4_100_000) == 413


async def test_a_call_with_more_events_than_are_taken_is_not_acknowledged(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MOST_EVENTS", 2)
    event = {"event": "bounce", "email": "ana@example.net", "reason": UNKNOWN_USER}
    for count, status in ((2, 200), (3, 413)):
        body = json.dumps([event | {"sg_event_id": f"e{number}"} for number in range(count)]).encode()
        assert await door.post("sendgrid", body, keys.sendgrid_headers(body, now())) == status
    assert door.refused == ["too_large"]


async def test_what_is_read_before_it_is_trusted_is_smaller(door: Door) -> None:
    large = b'{"pad": "' + b" " * 1_000_000 + b'"}'
    assert [await door.post(name, large) for name in ("ses", "mailgun", "neutral")] == [413, 413, 401]


async def test_a_client_that_calls_too_often_is_asked_to_come_again(db: Database) -> None:
    await invited(db)
    async with door_of(db, gateway=Gateway(api_rate=0.1)) as door:
        body = json.dumps({"type": "mail.opened", "data": {}}).encode()
        assert await door.post("neutral", body, signed_headers(NEUTRAL, "m", now(), body)) == 200
        # Whichever relay it says it is.
        answer = await door.http.post("/webhooks/postmark", content=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert door.refused == ["rate"]


async def test_a_body_that_does_not_come_is_asked_for_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_S", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(PATIENCE_S)

    answer = await door.http.post("/webhooks/neutral", content=dripping())
    # A relay that is told 408 may drop the event.
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert door.refused == ["slow"]


@pytest.mark.parametrize("key", [NEUTRAL, OLD_NEUTRAL], ids=["new", "old"])
async def test_each_secret_of_the_list_signs(db: Database, door: Door, key: bytes) -> None:
    body, _ = neutral("mail.bounced", code=550, status="5.1.1")
    assert await door.post("neutral", body, signed_headers(key, "msg_1", now(), body)) == 200
    assert await state(db) == BOUNCED


async def test_half_a_surrogate_pair_is_text_like_any_other(door: Door) -> None:
    half = "\ud800"
    signature = {"timestamp": str(int(now().timestamp())), "token": half, "signature": "a" * 64}
    assert await door.post("mailgun", {"signature": signature}) == 401
    reported = {"type": "mail.bounced", "data": {"recipient": f"{half}ana@example.net", "envelopeSender": SENDER}}
    body = json.dumps(reported).encode()
    assert await door.post("neutral", body, signed_headers(NEUTRAL, "half", now(), body)) == 200
    event = {"RecordType": "Bounce", "ID": half, "Type": "HardBounce", "Email": "ana@example.net"}
    assert await door.post("postmark", event, auth=httpx.BasicAuth(*BASIC)) == 200


async def test_a_subscription_of_the_topic_is_confirmed_and_no_other(door: Door) -> None:
    offer = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": keys.CONFIRM_URL}
    assert await door.post("ses", keys.sns({}, now(), **offer)) == 200
    assert door.amazon.asked == [keys.CERTIFICATE_URL, keys.CONFIRM_URL]
    assert await door.post("ses", keys.sns({}, now(), **offer, TopicArn=keys.TOPIC + "2")) == 401
    elsewhere = {**offer, "SubscribeURL": "https://evil.example/"}
    assert await door.post("ses", keys.sns({}, now(), **elsewhere)) == 401
    assert door.amazon.asked == [keys.CERTIFICATE_URL, keys.CONFIRM_URL]


async def test_a_certificate_that_is_not_valid_now_proves_nothing(door: Door, db: Database) -> None:
    door.amazon.pem = keys.certificate(datetime(2020, 1, 1, tzinfo=UTC))
    assert await by_ses(ses(UNKNOWN_USER))(door) == 401
    door.amazon.pem = b"no certificate"
    assert (
        await door.post(
            "ses", keys.sns(ses(UNKNOWN_USER), now(), SigningCertURL=keys.CERTIFICATE_URL.replace("1.pem", "2.pem"))
        )
        == 401
    )
    assert await state(db) == UNTOUCHED


async def test_while_something_is_away_the_relay_is_to_call_again(door: Door, db: Database, database: str) -> None:
    door.amazon.away = True
    assert await by_ses(ses(UNKNOWN_USER))(door) == 503
    port = free_port()
    away = connect(
        Mongo(uri=SecretStr(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"), database=database, timeout=0.5), PRIVACY
    )
    async with door_of(away) as other:
        assert await by_neutral("mail.complained")(other) == 503
        assert other.refused == ["unavailable"]
    await away.close()
    assert await state(db) == UNTOUCHED


async def test_a_webhook_without_its_secret_is_not_there(db: Database) -> None:
    async with door_of(db, Intake()) as door:
        for name in ("ses", "postmark", "mailgun", "sendgrid", "neutral"):
            assert await door.post(name, {}) == 404
    async with door_of(db) as door:
        assert (await door.http.get("/webhooks/ses")).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://u:p@sns.eu-west-1.amazonaws.com/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evilsns.eu-west-1.amazonaws.com/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://169.254.169.254/a.pem",
        "https://sns.eu-west-1.amazonaws.com:x/a.pem",
        "https://[::1/a.pem",
        "",
    ],
)
def test_certificates_come_from_amazon_alone(address: str) -> None:
    assert is_of_amazon("https://sns.eu-west-1.amazonaws.com/a.pem", ".pem")
    assert not is_of_amazon(address, ".pem")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ses_topic": "bounces"},
        {"postmark_auth": "nothing at all"},
        {"neutral_secrets": "short"},
        {"mailgun_key": ""},
        {"sendgrid_key": ""},
        {"domains": "a b"},
        {"unsubscribe_address": "x"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Intake.model_validate(wrong)


def test_the_doors_are_those_of_the_settings() -> None:
    own = Intake(unsubscribe_address="stop@mail.example", domains="")
    assert own.taken_domains("Bounces.example") == {"bounces.example", "mail.example"}
    assert own.door_names().unsubscribe == ("stop", "unsubscribe", "unsub")
    assert Intake(domains="a.example, b.example").taken_domains("c.example") == {"a.example", "b.example"}
