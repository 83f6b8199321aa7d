"""Whatever stands in a name or an address, a mail keeps its shape (SPEC section 13)."""

from __future__ import annotations

import email
import re
import unicodedata
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relance.domain.invitations.addresses import valid_address
from relance.domain.invitations.invitation import MailKind
from relance.domain.labels import LONGEST_NAME, clean_name, name_of_person
from relance.errors import InvalidInput
from tests.rendering.mails import EVERY, WRITER, a_letter, defects, display_name, part, read, written

REFUSAL = "EMAIL: it is not an address mail can be sent to; correct the contact's address"
HEADERS = list(read(written()).keys())
SPECIAL = "\r\n\0\x1f\x7f\u2028\u2029\u202e\u2066\ufeff\ue000\ue001%(){}<>&\"'=?.,; @"
# Not `st.text`, which would merge both alphabets and hardly ever draw a special character.
NAUGHTY = st.lists(st.sampled_from(SPECIAL) | st.characters()).map("".join)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


# The first examples of a run pay for caches; on a busy machine that takes longer than Hypothesis' deadline.
@settings(deadline=None)
@given(NAUGHTY, NAUGHTY, st.sampled_from(EVERY))
@example("\r\nBcc: x@evil.example", "A\nSubject: B", EVERY[0])
@example("=?utf-8?q?=0D=0ABcc:_x@evil.example?=", "{{ 7 * 7 }} %(date)b %s", EVERY[3])
@example("\ue000form_url\ue001", "\ue000sender\ue001", EVERY[0])
@example("<script>alert(1)</script>", "a\"><img src=x onerror='x'>", EVERY[1])
@example("é" * 1_000_000, "💌" * 300, EVERY[2])
@example("\udc80", "e\u0301" * 90, EVERY[0])
@example(".", "." * 80, EVERY[0])
def test_names_change_nothing_but_the_places_where_names_stand(
    to_name: str, sender: str, mail: tuple[MailKind, str]
) -> None:
    kind, language = mail
    raw = written(kind, language, to_name=to_name, sender_name=sender, references=None)
    message = read(raw)
    assert list(message.keys()) == HEADERS
    assert list(defects(message)) == []
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "ines@mail.example"
    assert display_name(raw) == name_of_person(to_name)
    assert name_of_person(sender) in message["Subject"]
    text, html = part(message, "plain"), part(message, "html")
    assert name_of_person(sender) in text
    assert not CONTROLS.search(message["Subject"])
    assert not CONTROLS.search(text.replace("\n", ""))
    assert html.count("<") == part(read(written(kind, language, to_name="x", sender_name="y")), "html").count("<")
    assert raw.isascii()
    assert re.search(rb"[^\r]\n|\r[^\n]", raw) is None
    body = raw.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert len(raw) < 100_000


@given(NAUGHTY)
@example("Nguye\u0302\u0303n")
@example("a\u202eb")
def test_a_clean_name_is_short_normal_and_stays_as_it_is(name: str) -> None:
    clean = clean_name(name)
    assert len(clean) <= LONGEST_NAME
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == " ".join(clean.split())
    assert clean_name(clean) == clean


@pytest.mark.parametrize(
    "name", ["Zoë", "Nguyễn Thị", "יעל", "محمد", "李雷", "👩‍👩‍👧 Anna", "O'Brien, Ann (Mrs)", 'D. "Dee" Ng']
)
def test_real_names_arrive_as_they_are(name: str) -> None:
    message = read(written(to_name=name, sender_name=name))
    assert message["To"].addresses[0].display_name == name
    assert name in message["Subject"]
    assert name in part(message, "plain")


@settings(deadline=None)
@given(NAUGHTY | st.builds("{}@{}".format, NAUGHTY, NAUGHTY) | st.emails())
@example("a@b.example\r\nBcc: x@evil.example")
@example("a@b.example, x@evil.example")
@example("a@b.example>\r\nDATA")
@example("zoé@bücher.example")
def test_an_address_is_either_refused_or_the_only_one(address: str) -> None:
    if not valid_address(address):
        with pytest.raises(InvalidInput, match=f"^{REFUSAL}$"):
            WRITER.write(a_letter(to_address=address))
        return
    recipient, raw = WRITER.write(a_letter(to_address=address))
    message = email.message_from_string(raw.decode(), policy=default)
    assert list(message.keys()) == HEADERS
    assert [one.addr_spec for one in message["To"].addresses] == [recipient]
    assert not re.search(r"[\x00-\x20\x7f<>,;:\\\"]", recipient)
    assert recipient.rpartition("@")[2].isascii()
