"""The message checklist (`reference/mail.md` A.5), one test each, on parsed bytes: the headers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from relance.domain.invitations.invitation import MailKind
from relance.errors import InvalidInput
from relance.rendering.mail import MailRenderer
from relance.settings.mail import MailGroup
from tests.rendering.mails import EVERY, THREAD, UNSUBSCRIBE, UTC_DATE, WRITER, a_letter, defects, read, written

REMINDERS = [MailKind.FIRST, MailKind.SECOND, MailKind.CORRECTION]


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_strict_parser_finds_nothing_to_complain_about(kind: MailKind, language: str) -> None:
    assert list(defects(read(written(kind, language)))) == []


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_no_header_occurs_twice(kind: MailKind, language: str) -> None:
    names = [name.lower() for name in read(written(kind, language))]
    assert len(names) == len(set(names))


def test_the_date_is_in_utc() -> None:
    date = read(written())["Date"].datetime
    assert date == UTC_DATE
    assert date.utcoffset() == timedelta(0)


def test_the_message_id_is_the_one_of_the_letter_however_often_it_is_written() -> None:
    assert read(written())["Message-ID"] == read(written())["Message-ID"] == a_letter().message_id
    assert a_letter().message_id.endswith("@form-a-friend.example>")


def test_from_is_our_own_name_and_domain() -> None:
    sender = read(written())["From"].addresses
    assert [(one.display_name, one.addr_spec) for one in sender] == [("Form-a-Friend", "bonjour@form-a-friend.example")]


def test_answers_go_to_the_reply_address() -> None:
    assert [one.addr_spec for one in read(written())["Reply-To"].addresses] == ["reponses@form-a-friend.example"]


def test_without_a_reply_address_answers_go_to_the_sender() -> None:
    writer = MailRenderer(MailGroup(), str, str)
    assert read(writer.write(a_letter())[1])["Reply-To"].addresses[0].addr_spec == "bonjour@form-a-friend.example"


def test_there_is_exactly_one_recipient() -> None:
    message = read(written())
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("Inès Nguyễn", "ines@mail.example")
    ]
    assert message["Cc"] is None
    assert message["Bcc"] is None


def test_a_recipient_without_a_name_is_just_an_address() -> None:
    assert str(read(written(to_name=""))["To"]) == "ines@mail.example"


@pytest.mark.parametrize(
    ("kind", "language", "subject"),
    [
        (MailKind.INVITATION, "fr", "Camille d’Été vous invite à répondre à quelques questions"),
        (MailKind.FIRST, "fr", "Petit rappel : le formulaire de Camille d’Été vous attend"),
        (MailKind.SECOND, "fr", "Dernier rappel : Camille d’Été espère votre réponse"),
        (MailKind.CORRECTION, "fr", "Notre invitation au nom de Camille d’Été était une erreur"),
        (MailKind.CORRECTION, "en", "Our invitation on behalf of Camille d’Été was a mistake"),
        (MailKind.INVITATION, "en", "Camille d’Été invites you to answer a few questions"),
        (MailKind.FIRST, "en", "A gentle reminder: Camille d’Été’s form is waiting for you"),
        (MailKind.SECOND, "en", "Last reminder: Camille d’Été is hoping for your answer"),
    ],
)
def test_the_subject_says_who_and_what(kind: MailKind, language: str, subject: str) -> None:
    assert read(written(kind, language))["Subject"] == subject


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_no_subject_pretends_to_be_an_answer(kind: MailKind, language: str) -> None:
    assert not read(written(kind, language))["Subject"].lower().startswith(("re:", "fwd:", "tr:"))


def test_a_short_ascii_subject_is_written_as_it_is() -> None:
    assert b"\r\nSubject: Ann invites you to answer a few questions\r\n" in written(locale="en", sender_name="Ann")


def test_machines_are_told_not_to_answer() -> None:
    assert read(written())["Auto-Submitted"] == "auto-generated"


def test_the_list_has_a_name_of_its_own() -> None:
    assert read(written())["List-Id"] == '"Form-a-Friend" <invitations.form-a-friend.example>'


def test_unsubscribing_is_one_post() -> None:
    message = read(written())
    assert message["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_complaints_can_be_told_apart() -> None:
    fields = str(read(written(MailKind.FIRST))["Feedback-ID"]).split(":")
    assert fields[:3] == ["first", "fr", "2026-11"]
    assert 5 <= len(fields[3]) <= 15


@pytest.mark.parametrize("kind", REMINDERS)
def test_a_reminder_threads_under_its_invitation(kind: MailKind) -> None:
    message = read(written(kind))
    assert message["In-Reply-To"] == message["References"] == THREAD
    assert message["Message-ID"] != THREAD


def test_an_invitation_begins_a_thread() -> None:
    message = read(written())
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_the_language_is_named() -> None:
    assert read(written(locale="en_GB"))["Content-Language"] == "en"


@pytest.mark.parametrize(
    "changed",
    [
        {"message_id": "<a\r\nBcc: x@evil.example>"},
        {"message_id": "a@b.example"},
        {"references": "<a@b.example>\r\nBcc: x@evil.example"},
    ],
)
def test_a_message_id_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        WRITER.write(a_letter(**changed))


@pytest.mark.parametrize("kind", MailKind)
def test_content_in_a_name_is_neither_in_the_subject_nor_in_the_body_and_is_counted(kind: MailKind) -> None:
    withheld: list[str] = []
    writer = MailRenderer(MailGroup(), str, str, withheld.append)
    letter = replace(a_letter(kind), sender_name="Win at prize.example.com", to_name="https://prize.example.com")
    message = read(writer.write(letter)[1])
    assert withheld == ["sender", "recipient"]
    assert b"prize" not in message.as_bytes()
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    assert not any("prize" in body for body in bodies)
    assert "prize" not in str(message["Subject"])
    assert "prize" not in str(message["To"])
