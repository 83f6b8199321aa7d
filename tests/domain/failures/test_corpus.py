"""What replies mean, by a corpus of real ones (SPEC X1, X2), and what no combination of words may lead to."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.domain.failures import (
    TABLE,
    Failure,
    FailureClass,
    Severity,
    classify_smtp,
    contact_status_after,
    deciding,
)
from relance.domain.failures import smtp_us as us
from relance.domain.failures.smtp import sign_of
from relance.domain.failures.smtp_replies import CONVERSATION
from relance.domain.failures.smtp_text import LIMIT, words_of
from tests.domain.failures.corpus import ABOUT_US, CLASSES, Reply, replies, table, verdict_of

CORPUS = replies()
STAGES = ("connect", "auth", "mail", "rcpt", "data")
ABOUT_MAILBOX = {"hard", "doubtful", "full"}


def row_signal(reply: Reply) -> str:
    row = deciding(TABLE, sign_of(reply.code, reply.text, reply.stage))
    assert row is not None
    return row.signal


REFUSALS = [reply for reply in CORPUS if 400 <= reply.code <= 599]
MAILBOX_WORDS = sorted({reply.text for reply in CORPUS if reply.kind in ABOUT_MAILBOX and reply.code >= 500})
# In words, whatever the status says.
SAYS_US = {row.signal for row in (*us.WORDS, *us.STATUS) if row.text}
US_WORDS = sorted({reply.text for reply in CORPUS if reply.code >= 500 and row_signal(reply) in SAYS_US})


@pytest.mark.parametrize("reply", CORPUS, ids=lambda reply: f"{reply.code} {reply.text[:50]}".strip())
def test_a_reply_means_what_the_corpus_says(reply: Reply) -> None:
    assert verdict_of(reply.found) == reply.verdict
    assert reply.found.class_ is CLASSES[reply.kind]


def test_the_corpus_is_large_and_from_many_places() -> None:
    assert len(CORPUS) >= 350
    assert {reply.language for reply in CORPUS} >= {"en", "fr", "de", "es", "nl", "it", "pt", "zh", "ru"}
    assert {reply.stage for reply in CORPUS} == set(STAGES)
    assert all(reply.source and reply.kind in CLASSES for reply in CORPUS)
    assert len({(reply.code, reply.stage, reply.text) for reply in CORPUS}) == len(CORPUS)


def test_no_reply_about_us_is_held_against_a_contact() -> None:
    held = [reply for reply in CORPUS if reply.kind in ABOUT_US and may_bounce(reply.found)]
    assert held == []


def test_every_row_decides_about_a_reply_of_the_corpus() -> None:
    deciding_rows = {row_signal(reply) for reply in REFUSALS}
    assert [row.signal for row in TABLE if row not in CONVERSATION and row.signal not in deciding_rows] == []


def test_the_table_of_the_corpus_counts_each_reply_once() -> None:
    lines = table([("hard", "ours"), ("hard", "hard"), ("ours", "ours")]).splitlines()
    assert [line.split() for line in lines[1:]] == [["hard", "1", "1"], ["ours", ".", "1"]]


def may_bounce(failure: Failure) -> bool:
    return contact_status_after(failure, struck_out=True) is not None


def test_there_are_words_enough_to_combine() -> None:
    assert len(MAILBOX_WORDS) > 150
    assert len(US_WORDS) > 100


mailbox_words, us_words = st.sampled_from(MAILBOX_WORDS), st.sampled_from(US_WORDS)
statuses = st.sampled_from(("", "5.1.1 ", "5.1.2 ", "5.2.1 ", "5.2.2 ", "5.5.0 ", "5.0.0 "))
separators = st.sampled_from((" ", "; ", ". ", "\n", " - ", " (", "\r\n550-"))


@given(statuses, mailbox_words, us_words, separators, st.booleans(), st.booleans())
def test_words_about_a_mailbox_beside_words_about_us_never_touch_a_contact(
    status: str, mailbox: str, us: str, separator: str, us_first: bool, upper: bool
) -> None:
    text = status + (us + separator + mailbox if us_first else mailbox + separator + us)
    found = classify_smtp(550, text.upper() if upper else text, "rcpt")
    assert found.class_ in {FailureClass.SENDER_FAULT, FailureClass.THROTTLED}
    assert not may_bounce(found)


@pytest.mark.parametrize("step", [0, 17, 43, 71])
def test_each_wording_about_a_mailbox_gives_way_to_others_about_us(step: int) -> None:
    pairs = [(mailbox, US_WORDS[(step + at) % len(US_WORDS)]) for at, mailbox in enumerate(MAILBOX_WORDS)]
    found = [pair for pair in pairs if may_bounce(classify_smtp(550, f"{pair[0]}. {pair[1]}", "rcpt"))]
    assert found == []


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.2.1", "5.2.2", "5.5.0"])
def test_no_words_about_us_are_beaten_by_a_status_of_a_mailbox(status: str) -> None:
    found = {text for text in US_WORDS if may_bounce(classify_smtp(550, f"{status} {text}", "rcpt"))}
    assert found == set()


tricky = st.sampled_from(
    ("spam", "policy", "blocked", "blacklist", "too-many", "sender", "dmarc", "rate.limit", "reputation")
)


@given(
    tricky,
    tricky,
    st.sampled_from(("<{}>: user unknown", "user unknown: {}", "5.1.1 {}: no such user", "{} unknown user")),
)
def test_words_in_an_address_say_nothing(local: str, domain: str, form: str) -> None:
    found = classify_smtp(550, form.format(f"{local}@{domain}.example.com"), "rcpt")
    assert verdict_of(found) == "hard"


@given(st.integers(400, 599), st.sampled_from([reply.text for reply in CORPUS]), st.sampled_from(("rcpt", "data")))
def test_what_one_recipients_server_says_is_never_critical(code: int, text: str, stage: str) -> None:
    assert classify_smtp(code, text, stage).severity is not Severity.CRITICAL


@given(st.integers(400, 599), mailbox_words, st.sampled_from(("connect", "auth", "mail")))
def test_what_is_said_before_a_mailbox_was_named_is_not_about_it(code: int, text: str, stage: str) -> None:
    assert not may_bounce(classify_smtp(code, text, stage))


@given(st.integers(400, 499), mailbox_words)
def test_a_refusal_for_now_never_bounces_at_once(code: int, text: str) -> None:
    assert contact_status_after(classify_smtp(code, text, "rcpt")) is None


@given(st.integers(400, 599), st.text(max_size=400), st.sampled_from(STAGES))
def test_any_text_is_understood_somehow(code: int, text: str, stage: str) -> None:
    found = classify_smtp(code, text, stage)
    assert found.class_ in FailureClass
    assert set(found.code) <= set("0123456789.")


PIECES = (
    *(
        "a",
        "@",
        "<",
        "<a",
        "1.",
        "1:",
        "::",
        '"',
        "x.",
        "a@",
        "-",
        "_",
        "\u0301",
        "ﷺ",
        "İ",
        "邮箱",
        "ящик ",
        "5.1.1 ",
        "http://",
    ),
    *("user ", "user a b c ", "mailbox is ", "mailbox of the ", "account of the recipient ", "exceed ", "exceeded a "),
    *(
        "quota ",
        "boite ",
        "over a ",
        "limit ",
        "daily ",
        "sender ",
        "ip ",
        "your ip ",
        "client host ",
        "host x",
        "no ",
        "size ",
    ),
)


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_reply_takes_no_longer_than_its_length_allows(piece: str) -> None:
    text = piece * (LIMIT // len(piece) + 2_000)
    begun = time.process_time()
    assert classify_smtp(550, text, "rcpt").class_ in FailureClass
    # A tenth to a fifth of a second of work; a pattern that goes back on its steps would need minutes.
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<spam.blocked@example.com>: User  Unknown", "{address}: user unknown"),
        ("policy@example.com\r\nunknown", "{address} unknown"),
        ('"a b"@example.com: no', "{address}: no"),
        ("<用户@例え.example> no", "{address} no"),
        ("user <maxqin> off", "user {address} off"),
        ("see https://www.example.com/spam?x=blocked.", "see {url}"),
        ("see https://www.spamhaus.org/query/ip/192.0.2.1", "see {list}"),
        ("listed at zen.spamhaus.org", "listed at {list}"),
        ("mx.antispam.example.com said no", "{host} said no"),
        ("host mx.example.com[192.0.2.1] said: 550 no", "550 no"),
        ("spam.example[192.0.2.1] is slow", "{host}[{ip}] is slow"),
        ("from 5.7.1.25 no", "from {ip} no"),
        ("from 2001:db8::1 no", "from {ip} no"),
        ("at 11:59:39 no", "at 11:59:39 no"),
        ("RESOLVER.ADR.RecipNotFound; not found", "resolver.adr.recipnotfound; not found"),
        ("Boîte désactivée, n’existe pas", "boite desactivee, n'existe pas"),
        ("ist blacklisted.please go", "ist blacklisted.please go"),
        ("x" * 10_000, "x" * LIMIT),
    ],
)
def test_addresses_and_links_leave_a_mark(text: str, expected: str) -> None:
    assert words_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.0.350 Remote server returned an error -> 550 5.1.1 unknown", "5.1.1"),
        ("5.0.0 nothing else", "5.0.0"),
        ("4.2.2 then 5.1.2", "5.1.2"),
        ("see http://example.com/5.7.1 no", "550"),
        ("Mailbox disabled", "5.2.1"),
        ("5.1.1 mailbox disabled", "5.2.1"),
        ("Mailbox full", "5.2.2"),
    ],
)
def test_the_recorded_code_is_the_status_that_says_most(text: str, expected: str) -> None:
    assert classify_smtp(550, text, "rcpt").code == expected
