"""The example folder, checked and written as real mails."""

from __future__ import annotations

import time
from email.iterators import typed_subpart_iterator
from functools import cache

import pytest

from relance.domain.invitations.invitation import MailKind
from relance.rendering.branding.loading import checked_branding, load_templates
from relance.rendering.branding.model import Branding
from relance.rendering.mail import MailRenderer
from relance.settings.mail import MailGroup
from tests.rendering.branding.folders import EXAMPLE, settings_for
from tests.rendering.mails import EVERY, FORM, UNSUBSCRIBE, WRITER, a_letter, defects, part, read

every_mail = pytest.mark.parametrize(("kind", "language"), EVERY)


@cache
def own() -> MailRenderer:
    settings = settings_for(EXAMPLE)
    return MailRenderer(settings, "form-{}".format, "stop-{}".format, branding=checked_branding(settings))


def test_nothing_is_wrong_with_the_example() -> None:
    assert load_templates(settings_for(EXAMPLE)).findings == ()


def test_outside_of_a_rehearsal_its_names_for_examples_are_refused() -> None:
    problems = [finding.problem for finding in load_templates(MailGroup(templates=EXAMPLE)).wrong]
    assert problems
    assert all("is a name for examples" in problem for problem in problems)


@every_mail
def test_each_mail_is_one_a_strict_parser_takes(kind: MailKind, language: str) -> None:
    message = own().write(a_letter(kind, language))[1]
    assert message.isascii()
    assert max(map(len, message.split(b"\r\n"))) < 998
    parsed = read(message)
    assert list(defects(parsed)) == []
    assert (FORM in part(parsed, "plain")) == (kind is not MailKind.CORRECTION)
    assert UNSUBSCRIBE in part(parsed, "plain")


@every_mail
def test_each_mail_has_the_legal_notice_in_both_parts(kind: MailKind, language: str) -> None:
    parsed = read(own().write(a_letter(kind, language))[1])
    address = {"fr": "https://form-a-friend.example/confidentialite", "en": "https://form-a-friend.example/privacy"}
    for kind_of_part in ("plain", "html"):
        text = part(parsed, kind_of_part)
        assert "Form-a-Friend, 12 rue des Lilas, 75011 Paris, France" in text
        assert address[language] in text


def test_the_logo_travels_beside_the_html_that_shows_it() -> None:
    parsed = read(own().write(a_letter())[1])
    assert parsed.get_content_type() == "multipart/alternative"
    plain, related = parsed.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    (picture,) = typed_subpart_iterator(parsed, "image")
    assert picture["Content-ID"] == "<logo@relance>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_payload(decode=True) == (EXAMPLE / "logo.png").read_bytes()
    assert 'src="cid:logo@relance" alt="Form-a-Friend" width="150" height="40"' in part(parsed, "html")


def test_own_blocks_come_before_ours_and_the_rest_is_ours() -> None:
    invitation, reminder = (
        read(own().write(a_letter(kind, "fr"))[1]) for kind in (MailKind.INVITATION, MailKind.FIRST)
    )
    assert invitation["Subject"] == "Camille d’Été aimerait avoir de vos nouvelles"
    assert "Donner de mes nouvelles" in part(invitation, "plain")
    assert reminder["Subject"] == read(WRITER.write(a_letter(MailKind.FIRST, "fr"))[1])["Subject"]
    assert "donnees@form-a-friend.example" in part(reminder, "plain")


def test_colours_are_the_brands_in_light_and_dark() -> None:
    html = part(read(own().write(a_letter())[1]), "html")
    assert "background-color:#5b3fa6" in html
    assert "background-color: #b9a6f2 !important" in html
    assert "#0f766e" not in html


def test_answers_go_to_the_brands_address_unless_the_settings_name_one() -> None:
    brand = checked_branding(settings_for(EXAMPLE))
    chosen = MailRenderer(MailGroup(reply_to="desk@form-a-friend.example"), str, str, branding=brand)
    assert "bonjour@form-a-friend.example" in str(read(own().write(a_letter())[1])["Reply-To"])
    assert "desk@form-a-friend.example" in str(read(chosen.write(a_letter())[1])["Reply-To"])


def test_a_name_with_what_html_and_formats_treat_otherwise_stays_a_name() -> None:
    brand = Branding(name='R&D <100%s> "x"', postal_address="5 % & 3 rue <A>")
    message = read(MailRenderer(MailGroup(), str, str, branding=brand).write(a_letter())[1])
    assert 'R&D <100%s> "x", 5 % & 3 rue <A>' in part(message, "plain")
    assert "R&amp;D &lt;100%s&gt;" in part(message, "html")


def test_mails_of_ones_own_are_written_as_fast_as_ours() -> None:
    letters = [a_letter(to_name=f"Inès {number}") for number in range(300)]
    plain = Branding(sources=checked_branding(settings_for(EXAMPLE)).sources)
    own = MailRenderer(settings_for(EXAMPLE), "form-{}".format, "stop-{}".format, branding=plain)

    def seconds(writer: MailRenderer) -> float:
        begun = time.process_time()
        for letter in letters:
            writer.write(letter)
        return time.process_time() - begun

    # The least of several: what else the machine does only ever makes a run longer.
    assert min(seconds(own) for _ in range(7)) < 1.5 * min(seconds(WRITER) for _ in range(7))
