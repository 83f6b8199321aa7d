from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from relance.domain.failures import (
    LADDER,
    TABLE,
    TRANSPORT,
    UNCERTAIN,
    UNTRUSTED,
    Failure,
    FailureClass,
    Severity,
    Strategy,
    classify_smtp,
    contact_status_after,
    retry_at,
)
from relance.domain.invitations.people import ContactStatus
from tests.domain.failures.corpus import replies

AT = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
STAGES = ("connect", "auth", "mail", "rcpt", "data")

HARD = FailureClass.HARD_RECIPIENT
SOFT = FailureClass.SOFT_RECIPIENT
THROTTLED = FailureClass.THROTTLED
FAULT = FailureClass.SENDER_FAULT
CONTENT = FailureClass.CONTENT
UNSUPPORTED = FailureClass.UNSUPPORTED
CRITICAL, HIGH, MEDIUM, LOW = Severity

# One line per reply: what the relay said and when, and what follows from it.
REPLIES = [
    # before the mail: our credentials, our certificate, our address
    (535, "5.7.8 Error: authentication failed", "auth", FAULT, CRITICAL, True),
    (535, "Incorrect authentication data", "auth", FAULT, CRITICAL, True),
    (534, "5.7.9 Application-specific password required", "auth", FAULT, CRITICAL, True),
    (530, "5.7.0 Must issue a STARTTLS command first", "mail", FAULT, CRITICAL, True),
    (538, "Encryption required", "auth", FAULT, CRITICAL, True),
    (554, "5.7.1 Service unavailable; client host blocked using zen.spamhaus.org", "connect", FAULT, CRITICAL, True),
    (554, "no SMTP service here", "connect", FAULT, CRITICAL, True),
    (454, "4.7.0 Temporary authentication failure", "auth", FailureClass.TRANSPORT, MEDIUM, True),
    (421, "4.3.2 Service not available", "connect", THROTTLED, MEDIUM, True),
    # no such mailbox
    (550, "5.1.1 <x@y.example>: Recipient address rejected: User unknown", "rcpt", HARD, LOW, False),
    (550, "5.1.1 The email account that you tried to reach does not exist", "data", HARD, LOW, False),
    (550, "5.1.2 Host unknown", "rcpt", HARD, LOW, False),
    (553, "5.1.3 The recipient address is not a valid RFC 5321 address", "rcpt", HARD, LOW, False),
    (551, "5.1.6 Mailbox has moved", "rcpt", HARD, LOW, False),
    (556, "5.1.10 Domain does not accept mail (null MX)", "rcpt", HARD, LOW, False),
    (550, "5.4.1 Recipient address rejected: Access denied", "rcpt", HARD, LOW, False),
    (550, "User unknown", "rcpt", HARD, LOW, False),
    (550, "No such user here", "rcpt", HARD, LOW, False),
    (550, "5.0.0 no such recipient", "rcpt", HARD, LOW, False),
    (554, "delivery error: This user does not exist", "data", HARD, LOW, False),
    (550, "5.2.1 The email account is disabled", "rcpt", HARD, LOW, False),
    (550, "Requested action not taken: mailbox unavailable", "rcpt", HARD, LOW, False),
    # not now
    (452, "4.2.2 Mailbox full", "rcpt", SOFT, LOW, True),
    (552, "5.2.2 Mailbox full", "rcpt", SOFT, LOW, True),
    (552, "Quota exceeded", "data", SOFT, LOW, True),
    (552, "Requested action aborted", "rcpt", SOFT, LOW, True),
    (452, "Requested action not taken: insufficient system storage", "rcpt", SOFT, LOW, True),
    (452, "4.3.1 Insufficient system storage", "data", SOFT, LOW, True),
    (550, "5.4.4 Unable to route", "rcpt", SOFT, LOW, True),
    (450, "mailbox busy", "rcpt", SOFT, LOW, True),
    (451, "local error", "data", SOFT, LOW, True),
    (451, "4.4.2 timeout", "data", SOFT, LOW, True),
    # slower
    (451, "4.7.1 Greylisted, please try again later", "rcpt", THROTTLED, LOW, True),
    (450, "4.7.1 Try again later", "rcpt", THROTTLED, LOW, True),
    (451, "Grey-listing in action", "rcpt", THROTTLED, LOW, True),
    (450, "4.2.1 The user is receiving mail at a rate that prevents delivery", "rcpt", THROTTLED, LOW, True),
    (421, "4.7.28 Unusual rate of mail from your address", "data", THROTTLED, MEDIUM, True),
    (421, "4.7.0 [TSS04] Messages temporarily deferred", "mail", THROTTLED, MEDIUM, True),
    (421, "Service not available, closing transmission channel", "rcpt", THROTTLED, MEDIUM, True),
    (421, "4.4.2 Connection timed out", "rcpt", THROTTLED, MEDIUM, True),
    (450, "Trop de connexions, veuillez verifier votre configuration", "mail", THROTTLED, MEDIUM, True),
    (452, "4.5.3 Too many recipients", "rcpt", THROTTLED, MEDIUM, True),
    (451, "too many messages, slow down", "data", THROTTLED, MEDIUM, True),
    # ours
    (550, "5.7.1 Message rejected as spam", "data", FAULT, HIGH, False),
    (550, "5.7.1 User unknown policy", "rcpt", FAULT, HIGH, False),
    (550, "5.7.26 This mail is unauthenticated", "data", FAULT, HIGH, False),
    (550, "5.7.515 Access denied, sending domain does not meet the required level", "data", FAULT, HIGH, False),
    (550, "5.7.509 Access denied, sending domain does not pass DMARC", "data", FAULT, HIGH, False),
    (421, "4.7.26 Unauthenticated mail is rate limited", "data", FAULT, HIGH, True),
    (550, "5.7.26 This mail is unauthenticated", "mail", FAULT, CRITICAL, False),
    (450, "4.1.8 Sender address rejected: Domain not found", "mail", FAULT, CRITICAL, True),
    (553, "5.1.8 Sender address rejected: Domain not found", "mail", FAULT, HIGH, False),
    (550, "5.1.7 Bad reverse path", "mail", FAULT, CRITICAL, False),
    (550, "5.1.1 Sender address rejected: User unknown in virtual mailbox table", "rcpt", FAULT, HIGH, False),
    (550, "sender domain does not exist", "rcpt", FAULT, HIGH, False),
    (554, "5.7.1 Relay access denied", "rcpt", FAULT, HIGH, False),
    (550, "relaying denied", "rcpt", FAULT, HIGH, False),
    (550, "blocked, see our block list; user unknown", "rcpt", FAULT, HIGH, False),
    # the mail
    (552, "5.3.4 Message size exceeds fixed limit", "mail", CONTENT, HIGH, False),
    (552, "message too large", "data", CONTENT, HIGH, False),
    (550, "5.2.3 Message length exceeds administrative limit", "rcpt", CONTENT, HIGH, False),
    (554, "5.6.0 Corrupt message content", "data", CONTENT, HIGH, False),
    (553, "5.6.7 Non-ASCII address not permitted", "mail", UNSUPPORTED, LOW, False),
    (555, "Unrecognised parameter SMTPUTF8", "mail", UNSUPPORTED, LOW, False),
    # not to be read: counted as ours, and nothing stops for it
    (550, "rejected", "rcpt", FAULT, MEDIUM, False),
    (550, "", "rcpt", FAULT, MEDIUM, False),
    (554, "Transaction failed", "data", FAULT, MEDIUM, False),
    (550, "5.5.0 something", "rcpt", FAULT, MEDIUM, False),
    (500, "Syntax error", "mail", FAULT, MEDIUM, False),
    (550, "user unknown", "mail", FAULT, MEDIUM, False),
    (550, "5.1.1 user unknown", "mail", FAULT, MEDIUM, False),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "stage", "class_", "severity", "again"), REPLIES)
def test_a_reply_is_classified(
    code: int, text: str, stage: str, class_: FailureClass, severity: Severity, again: bool
) -> None:
    found = classify_smtp(code, text, stage)
    assert (found.class_, found.severity) == (class_, severity)
    assert (retry_at(found, 1, AT) is not None) == again


def test_the_enhanced_status_comes_before_the_text_and_the_text_before_the_basic_code() -> None:
    assert classify_smtp(550, "5.2.2 user unknown", "rcpt").class_ is SOFT
    assert classify_smtp(552, "mailbox full", "data").class_ is SOFT
    assert classify_smtp(552, "no", "data").class_ is CONTENT


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (550, "5.1.1 unknown", "5.1.1"),
        (550, "host mx.y.example said: 550-5.1.1 unknown", "5.1.1"),
        (550, "5.7.515 denied", "5.7.515"),
        (550, "rejected", "550"),
        (450, "5.1.1 unknown", "450"),
        (550, "from 5.1.1.7 rejected", "550"),
        (550, "from 15.1.1 rejected", "550"),
        (550, "2.1.5 fine", "550"),
    ],
)
def test_the_code_is_the_enhanced_status_if_it_is_one_of_the_same_class(code: int, text: str, expected: str) -> None:
    assert classify_smtp(code, text, "rcpt").code == expected


def test_a_temporary_reply_never_bounces_a_contact_whatever_it_says() -> None:
    assert classify_smtp(450, "5.1.1 user unknown", "rcpt").class_ is SOFT
    assert contact_status_after(classify_smtp(450, "user unknown", "rcpt")) is None


def test_only_a_missing_mailbox_bounces_a_contact() -> None:
    bounced = {
        (code, text)
        for code, text, stage, *_ in REPLIES
        if contact_status_after(classify_smtp(code, text, stage)) is ContactStatus.BOUNCED
    }
    hard = {(code, text) for code, text, _, class_, *_ in REPLIES if class_ is HARD}
    assert hard - bounced == {
        (550, "5.2.1 The email account is disabled"),
        (550, "Requested action not taken: mailbox unavailable"),
    }
    assert bounced <= hard
    assert contact_status_after(TRANSPORT) is None
    assert contact_status_after(UNCERTAIN) is None


words = st.lists(
    st.sampled_from(
        ["5.7.1", "5.1.1", "4.2.2", "5.7.26", "user unknown", "spam", "sender address", "x@y.example", "no"]
    )
).map(" ".join)


@given(st.integers(-1, 999), st.one_of(words, st.text(max_size=80)), st.sampled_from(STAGES))
def test_any_reply_gets_a_class_and_no_text_of_it_is_kept(code: int, text: str, stage: str) -> None:
    found = classify_smtp(code, text, stage)
    assert set(found.code) <= set("0123456789.") or found in {TRANSPORT, UNCERTAIN}
    if found.class_ is HARD:
        assert 500 <= code <= 599
        assert stage in {"rcpt", "data"}


TEXTS = [reply.text for reply in replies()]
real_texts = st.sampled_from(TEXTS)
junk = st.one_of(words, real_texts, st.text(max_size=80))


def may_bounce(failure: Failure) -> bool:
    return contact_status_after(failure, struck_out=True) is not None


@given(st.integers(400, 599), st.from_regex(r"\A[45]\.7\.\d{1,3}\Z"), junk, st.sampled_from(STAGES))
def test_a_policy_status_never_touches_the_contact_whatever_it_says_and_however_often(
    code: int, status: str, text: str, stage: str
) -> None:
    # 5.7.13 is no policy: it says that an account is disabled, and some servers mean the recipient's.
    assume(not status.endswith(".13"))
    found = classify_smtp(code, f"{str(code)[0]}{status[1:]} {text}", stage)
    assert not may_bounce(found)
    if code >= 500:
        assert found.class_ in {FAULT, THROTTLED}


@pytest.mark.parametrize("status", ["5.7.1", "5.7.8", "5.7.26", "5.7.999", "4.7.0", "4.7.1", "4.7.5", "4.7.28"])
def test_no_known_reply_with_a_policy_status_in_front_touches_the_contact(status: str) -> None:
    codes = [code for code in (421, 450, 452, 550, 552, 553, 554, 556) if str(code)[0] == status[0]]
    found = [
        (code, text) for code in codes for text in TEXTS if may_bounce(classify_smtp(code, f"{status} {text}", "rcpt"))
    ]
    assert found == []


@given(st.integers(400, 599), junk, st.sampled_from(("connect", "auth")))
def test_what_fails_before_the_mail_never_touches_a_contact(code: int, text: str, stage: str) -> None:
    assert not may_bounce(classify_smtp(code, text, stage))


@given(st.sampled_from((530, 534, 535, 538)), junk, st.sampled_from(STAGES))
def test_authentication_never_touches_a_contact(code: int, text: str, stage: str) -> None:
    found = classify_smtp(code, text, stage)
    assert not may_bounce(found)
    # One recipient's server may be speaking once he was named (SPEC C10).
    assert found.severity is (HIGH if stage in {"rcpt", "data"} else CRITICAL)


@pytest.mark.parametrize("failure", [TRANSPORT, UNCERTAIN, UNTRUSTED])
def test_a_connection_that_fails_never_touches_a_contact(failure: Failure) -> None:
    assert not may_bounce(failure)


@given(st.integers(), st.text(), st.text(max_size=8))
def test_no_reply_is_too_strange(code: int, text: str, stage: str) -> None:
    assert classify_smtp(code, text, stage).class_ in FailureClass


@pytest.mark.parametrize(
    ("code", "text", "minutes"),
    [
        (421, "4.7.0 [TSS04] Messages temporarily deferred", 120),
        (421, "4.7.0 [TSS05] Messages temporarily deferred", 240),
        (421, "4.7.0 [TS02] Messages temporarily deferred", 30),
        (450, "Trop de connexions", 60),
        (550, "5.4.5 Daily sending quota exceeded", 24 * 60),
    ],
)
def test_no_mail_is_tried_again_before_the_pause_of_its_provider_is_over(code: int, text: str, minutes: int) -> None:
    found = classify_smtp(code, text, "rcpt")
    assert found.pause == timedelta(minutes=minutes)
    assert retry_at(found, 1, AT) == AT + timedelta(minutes=minutes)
    assert retry_at(found, 5, AT) == AT + timedelta(minutes=max(minutes, 720))


@pytest.mark.parametrize(
    ("code", "stage", "expected"),
    [(250, "data", UNCERTAIN), (-1, "data", UNCERTAIN), (-1, "rcpt", TRANSPORT), (354, "mail", TRANSPORT)],
)
def test_what_is_no_refusal_is_a_broken_conversation(code: int, stage: str, expected: Failure) -> None:
    assert classify_smtp(code, "", stage) is expected


def test_tries_climb_the_ladder_and_end() -> None:
    soft = classify_smtp(450, "busy", "rcpt")
    waits = [retry_at(soft, tries, AT) for tries in range(1, 8)]
    minutes = [(wait - AT) / timedelta(minutes=1) for wait in waits if wait is not None]
    assert minutes == [5, 15, 60, 240, 720]
    assert waits[len(LADDER) :] == [None, None]


def test_what_is_for_good_is_never_tried_again() -> None:
    assert retry_at(classify_smtp(550, "5.1.1 unknown", "rcpt"), 1, AT) is None


@pytest.mark.parametrize("failure", [TRANSPORT, UNCERTAIN])
def test_a_broken_connection_follows_the_same_ladder(failure: Failure) -> None:
    assert retry_at(failure, 1, AT) == AT + timedelta(minutes=5)
    assert retry_at(failure, 6, AT) is None


def test_each_row_has_a_fitting_strategy() -> None:
    for row in TABLE:
        assert (row.severity is CRITICAL) == (row.strategy is Strategy.PAUSE_AND_ALERT)
        assert row.severity is not CRITICAL or row.class_ is FAULT
        assert row.strategy is not Strategy.GIVE_UP or not row.retryable
        assert row.strategy is not Strategy.SUPPRESS_CONTACT or (row.class_ is HARD and not row.retryable)
        assert row.class_ not in {HARD, CONTENT, UNSUPPORTED} or not row.retryable
        assert row.class_ not in {SOFT, THROTTLED, FailureClass.TRANSPORT} or row.retryable
