"""The message checklist (`reference/mail.md` A.5), on parsed bytes: the bodies."""

from __future__ import annotations

import re
from email.iterators import typed_subpart_iterator
from html.parser import HTMLParser

import pytest

from relance.domain.invitations.invitation import MailKind
from relance.rendering.mail import language_of
from tests.rendering.mails import EVERY, FORM, UNSUBSCRIBE, part, read, written

every_mail = pytest.mark.parametrize(("kind", "language"), EVERY)


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == name]


def _tags(kind: MailKind, language: str) -> _Tags:
    return _Tags(part(read(written(kind, language)), "html"))


@every_mail
def test_the_text_comes_first_and_the_html_second(kind: MailKind, language: str) -> None:
    message = read(written(kind, language))
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]


@every_mail
def test_both_parts_are_quoted_printable_utf_8(kind: MailKind, language: str) -> None:
    for one in typed_subpart_iterator(read(written(kind, language)), "text"):
        assert one["Content-Transfer-Encoding"] == "quoted-printable"
        assert one.get_content_charset() == "utf-8"


@every_mail
def test_every_byte_is_ascii_and_every_line_ends_with_crlf(kind: MailKind, language: str) -> None:
    message = written(kind, language)
    assert message.isascii()
    assert message.endswith(b"\r\n")
    assert re.search(rb"[^\r]\n|\r[^\n]", message) is None


@every_mail
def test_lines_keep_their_limits(kind: MailKind, language: str) -> None:
    _headers, _, body = written(kind, language).partition(b"\r\n\r\n")
    assert max(map(len, written(kind, language).split(b"\r\n"))) < 998
    assert max(map(len, body.split(b"\r\n"))) <= 76


@every_mail
def test_a_mail_is_small(kind: MailKind, language: str) -> None:
    assert len(written(kind, language)) < 20_000


@every_mail
def test_the_text_has_what_the_html_has_with_real_links(kind: MailKind, language: str) -> None:
    text = part(read(written(kind, language)), "plain")
    assert (f"\n{FORM}\n" in text) == (kind is not MailKind.CORRECTION)
    assert f"\n{UNSUBSCRIBE}\n" in text
    assert "Inès Nguyễn," in text
    assert text.count("Camille d’Été") >= 2
    assert "<" not in text
    assert "{" not in text


@every_mail
def test_the_html_links_to_the_form_once_and_to_unsubscribing_once(kind: MailKind, language: str) -> None:
    # A correction asks for nothing.
    expected = [UNSUBSCRIBE] if kind is MailKind.CORRECTION else [FORM, UNSUBSCRIBE]
    assert [link["href"] for link in _tags(kind, language).named("a")] == expected


@every_mail
def test_nothing_is_loaded_from_elsewhere(kind: MailKind, language: str) -> None:
    html = part(read(written(kind, language)), "html")
    assert not {"img", "link", "script", "iframe", "object"} & {tag for tag, _ in _Tags(html).found}
    assert "url(" not in html
    assert "@import" not in html


@every_mail
def test_language_and_direction_are_said(kind: MailKind, language: str) -> None:
    (root,) = _tags(kind, language).named("html")
    assert (root["lang"], root["dir"]) == (language, "ltr")


@every_mail
def test_dark_mode_is_prepared(kind: MailKind, language: str) -> None:
    metas = {meta.get("name"): meta.get("content") for meta in _tags(kind, language).named("meta")}
    assert metas["color-scheme"] == metas["supported-color-schemes"] == "light dark"
    assert "prefers-color-scheme: dark" in part(read(written(kind, language)), "html")


@every_mail
def test_no_slot_is_left_open(kind: MailKind, language: str) -> None:
    message = read(written(kind, language))
    for content in (part(message, "plain"), part(message, "html")):
        assert not re.search("[\ue000\ue001]|%\\(", content)


def test_every_mail_says_something_of_its_own() -> None:
    texts = [part(read(written(kind, language)), "plain") for kind, language in EVERY]
    assert len(set(texts)) == len(texts)


def test_a_mail_without_names_still_reads_well() -> None:
    message = read(written(to_name="", sender_name=" \t"))
    assert message["Subject"].startswith("Une personne que vous connaissez ")
    assert "\nBonjour,\n" in part(message, "plain")


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("fr", "fr"),
        ("fr-FR", "fr"),
        ("FR_ca", "fr"),
        (" fr ", "fr"),
        ("frr", "en"),
        ("en_GB", "en"),
        ("de", "en"),
        ("", "en"),
        ("zh-Hans-CN", "en"),
        ("\0", "en"),
    ],
)
def test_french_speakers_are_written_to_in_french_and_all_others_in_english(locale: str, language: str) -> None:
    assert language_of(locale) == language
    assert f'lang="{language}"' in part(read(written(locale=locale)), "html")
