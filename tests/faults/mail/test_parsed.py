"""The reader of poisoned mails finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.faults.mail.parsed import findings, header_names

GOOD = (
    b"Date: Thu, 05 Nov 2026 17:00:00 +0000\r\n"
    b"From: Relance <bonjour@form-a-friend.example>\r\n"
    b"To: Eve <eve@people.example>\r\n"
    b"Subject: Hello\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello Eve\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello Eve</p>\r\n--b--\r\n"
)
NAMES = header_names(GOOD)


def found(raw: bytes, envelope: str = "eve@people.example") -> list[str]:
    return list(findings(raw, envelope, NAMES))


def test_a_mail_as_it_should_be_has_nothing_wrong() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        (b"To: Eve", b"Bcc: victim@evil.example\r\nTo: Eve", "its headers are"),
        (b"Hello Eve\r\n--b", b"Hello\nEve\r\n--b", "CRLF"),
        (b"Hello Eve\r\n--b", b"Hello" + b"x" * 1000 + b"\r\n--b", "too long"),
        (b"<eve@people.example>", b"<eve@people.example>, victim@evil.example", "its to has 2 addresses"),
        (b"<eve@people.example>", b"<eve@@people.example>", "defects"),
        (b"Subject: Hello", b"Subject: =?utf-8?b?4oCuZXhl?=", "controls"),
        (b"Hello Eve\r\n--b", b"Hello 8051\r\n--b", "code in a name"),
        (b"<p>", b"<p><script>alert(1)</script>", "markup"),
        (b"Hello Eve\r\n--b", b"RCPT TO:<victim@evil.example>\r\n--b", "line of its own"),
        (b"text/html", b"text/calendar", "its parts"),
    ],
)
def test_what_is_wrong_is_named(before: bytes, after: bytes, finding: str) -> None:
    assert before in GOOD
    assert any(finding in text for text in found(GOOD.replace(before, after, 1)))


def test_another_recipient_than_the_envelopes_is_found() -> None:
    assert found(GOOD, "other@people.example") == ["its to has 1 addresses, or another one"]
