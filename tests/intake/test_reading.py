"""The reader on anything at all: it never raises, and its time is bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.domain.intake import (
    IntakeOutcome,
    MailReading,
    MessageEnvelope,
    MessageKind,
    RecipientReport,
    ReportAction,
    judge_report,
    parse_message,
    read_message,
    stable_bytes,
)
from relance.domain.intake.fields import address_in
from tests.intake.corpus import CorpusEntry, entries
from tests.intake.examination import ADDRESSES, invitation_of, values_of

VALUES = values_of(invitation_of(1, "a"), ADDRESSES["a"])
CORPUS = [entry for entry in entries() if "{{big}}" not in entry.template and "{{boundaries}}" not in entry.template]
LONGEST_S = 20.0
"""For a message that does its worst, on a busy machine; the ordinary one takes some milliseconds."""


def read(raw: bytes) -> MailReading:
    reading = read_message(parse_message(raw), MessageEnvelope("", ("bounce@x.example",)))
    for report in reading.reports:
        judge_report(report)
    return reading


@given(st.binary(max_size=4000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read(raw: bytes) -> None:
    read(raw)


@given(entry=st.sampled_from(CORPUS), data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_report_is_read(entry: CorpusEntry, data: st.DataObject) -> None:
    raw = bytearray(entry.raw(VALUES))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw)))
        match data.draw(st.integers(0, 3)):
            case 0:
                raw[at : at + data.draw(st.integers(1, 60))] = b""
            case 1:
                raw[at:at] = data.draw(st.binary(min_size=1, max_size=20))
            case 2:
                raw[at:at] = raw[at : at + 200] * 3
            case _:
                raw = raw[: max(at, 1)]
    read(bytes(raw))


@given(entry=st.sampled_from(CORPUS), data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_makes_another_recipient_of_it(entry: CorpusEntry, data: st.DataObject) -> None:
    """A report that is cut anywhere names nobody it did not name as a whole."""
    raw = entry.raw(VALUES)
    whole = {one.final for one in read(raw).reports} | {one.original for one in read(raw).reports}
    cut = read(raw[: data.draw(st.integers(0, len(raw)))])
    for report in cut.reports:
        # An address that was cut itself is the beginning of one that was named, and matches no mailbox.
        for address in (report.final, report.original):
            assert not address or any(one.startswith(address) for one in whole) or address not in ADDRESSES.values()


MULTIPARTS = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(59))
HTML = b"From: MAILER-DAEMON@x.example\nContent-Type: text/html\n\n"
STATUS = b"Content-Type: message/delivery-status\n\n"
WORST = {
    "nested multiparts": MULTIPARTS + b"x\n" * 200_000,
    "nested messages": b"Content-Type: message/rfc822\n\n" * 20_000,
    "one endless header": b"Subject: " + b"=?utf-8?q?" + b"a" * 500_000,
    "many encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 40_000,
    "many headers": b"X-A: b\n" * 80_000,
    "addresses without end": b"From: MAILER-DAEMON@x.example\n\nundeliverable\n" + b"a@b.c " * 80_000,
    "recipients in headers and text": b"".join(
        b"X-Failed-Recipients: " + b",".join(b"x%d.%d@b.de" % (line, n) for n in range(300)) + b"\n"
        for line in range(20)
    )
    + b"From: MAILER-DAEMON@x.example\n\nundeliverable\n"
    + b"".join(b"a%d@b.de " % n for n in range(9_000)),
    # The parser decodes it too, wherever a byte is not ASCII.
    "a codec that is no charset": b"Content-Type: text/plain; charset*0=puny; charset*1=code\n\n"
    + b"\xe9"
    + b"a" * 10
    + b"-"
    + b"b9" * 245_000,
    "at signs": b"From: MAILER-DAEMON@x.example\n\nundeliverable\n" + b"@" * 500_000,
    "one word": b"From: MAILER-DAEMON@x.example\n\nundeliverable 550 " + b"a" * 500_000,
    "dots": b"From: MAILER-DAEMON@x.example\n\nundeliverable 550 " + b"a." * 250_000,
    "tags": HTML + b"<a " * 170_000,
    "styles": HTML + b"<style>" * 70_000,
    "blank lines": b"From: MAILER-DAEMON@x.example\n\ncould not be delivered\n" + b"\n \n" * 170_000,
    "status blocks": STATUS + b"Final-Recipient: rfc822; a@b.c\nAction: failed\n\n" * 10_000,
    "folded field": b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.c\n" + b" x\n" * 150_000,
    "base64": b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n" + b"QUFB\n" * 100_000,
    "uuencode": b"Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"M" * 400_000,
    "digits": b"From: MAILER-DAEMON@x.example\n\nundeliverable " + b"550 5.1.1 " * 50_000,
    "dashes": b"From: MAILER-DAEMON@x.example\n\n" + b"-" * 500_000,
}  # fmt: skip


@pytest.mark.parametrize("name", WORST)
def test_a_message_made_to_keep_a_reader_busy_does_not(name: str) -> None:
    begun = time.process_time()
    read(WORST[name])
    assert time.process_time() - begun < LONGEST_S


def test_copies_of_a_message_are_the_same_whatever_their_way() -> None:
    raw = b"Received: by a\r\nSubject: x\r\n y\r\n\r\nbody\r\n"
    mbox = (
        b"From MAILER-DAEMON Thu Nov  5 18:00:00 2026\nReturn-Path: <>\nDelivered-To: b@c\nReceived: by a\n b\n"
        b"Subject: x\n y\n\nbody\n\n"
    )
    assert stable_bytes(raw) == stable_bytes(mbox)
    assert stable_bytes(raw) != stable_bytes(raw.replace(b"body", b"other"))


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822; a@b.example", "a@b.example"),
        ("RFC822;<A@b.example>", "A@b.example"),
        ("utf-8; ren\\x{E9}e@b.example", "renée@b.example"),
        ("a@b.example", "a@b.example"),
        ("x400; /S=a/", ""),
        ("", ""),
        ("rfc822;", ""),
        ("rfc822; a@b.example.", "a@b.example"),
        ("utf-8; \\x{D800}\\x{110000}@b.example", "\\x{D800}\\x{110000}@b.example"),
    ],
)
def test_the_address_of_a_field(value: str, address: str) -> None:
    assert address_in(value) == address


@pytest.mark.parametrize("address", [b"+2AA-ana@x.example", b"ana@+2AA-.example"])
def test_half_a_surrogate_pair_is_no_part_of_an_address(address: bytes) -> None:
    head = b"From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=utf-7\n\nundeliverable:\n\n"
    for raw in (address + b": 550 5.1.1 user unknown", b"<" + address + b">: \xe9 550 5.1.1 user unknown"):
        for report in read(head + raw).reports:
            report.final.encode()


@pytest.mark.parametrize("charset", [b'"a\0b"', b"idna\xff", b"x" * 300, b"", b"rot13", b"hex", b"mbcs", b"utf-32"])
def test_a_charset_that_is_none_hides_nothing(charset: bytes) -> None:
    raw = (
        b"From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=" + charset + b"\n\n"
        b"undeliverable, d\xe9sol\xe9:\n\njoe@x.example: 550 5.1.1 user unknown\n"
    )
    found = {report.final: judge_report(report).outcome for report in read(raw).reports}
    assert found == {"joe@x.example": IntakeOutcome.BOUNCED}


@pytest.mark.parametrize("sender", [b"", b"From: \n", b"From: d\xe9mon <MAILER-DAEMON@x.example>\n"])
def test_where_the_library_stumbles_no_log_quotes_the_message(sender: bytes, caplog: pytest.LogCaptureFixture) -> None:
    raw = sender + b"X-Failed-Recipients: joe@x.example\n\nundeliverable: joe@x.example: 550 5.1.1 user unknown\n"
    assert [report.final for report in read(raw).reports] == ["joe@x.example"]
    assert caplog.records == []


def test_words_beside_an_address_are_not_those_of_one_that_it_ends() -> None:
    raw = (
        b"From: MAILER-DAEMON@x.example\n\nundeliverable:\n\n"
        b"maryjoe@x.example: 550 5.1.1 user unknown\njoe@x.example: 452 4.2.2 mailbox full\n"
    )
    found = {report.final: judge_report(report).outcome for report in read(raw).reports}
    assert found == {"maryjoe@x.example": IntakeOutcome.BOUNCED, "joe@x.example": IntakeOutcome.SOFT}


@pytest.mark.parametrize("action", [one for one in ReportAction if one is not ReportAction.FAILED])
def test_only_a_failure_bounces(action: ReportAction) -> None:
    report = RecipientReport(action, final="a@b.c", status="5.1.1", diagnostic="550 5.1.1 unknown user")
    assert judge_report(report).outcome is IntakeOutcome.UNDER_WAY


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 blocked using zen.spamhaus.org",
        "550 5.1.1 your message looks like spam",
        "550 5.1.1 SPF check failed",
        "550 User unknown: sender address rejected",
        "554 5.7.1 no such user",
        "421 4.7.0 try again later",
    ],
)
def test_what_is_about_us_bounces_nobody(words: str) -> None:
    report = RecipientReport(ReportAction.FAILED, final="a@b.c", status="5.1.1", diagnostic=words)
    assert judge_report(report).outcome is not IntakeOutcome.BOUNCED


def test_a_message_that_cannot_be_parsed_is_unreadable() -> None:
    assert read_message(None).kind is MessageKind.UNREADABLE
