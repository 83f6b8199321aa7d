"""The templates, each compiled once per language to a blank that only wants its slots filled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from relance.domain.invitations.invitation import MailKind
from relance.domain.labels import clean_name
from relance.rendering import skeleton
from relance.rendering.branding.model import Branding
from relance.rendering.drafts import Draft
from relance.rendering.names import phrase, unstructured
from relance.settings.mail import MailGroup

LOGO_ID = "logo@relance"
"""What the HTML calls the embedded logo by (RFC 2392)."""

Headers: TypeAlias = list[tuple[str, bytes]]

_TRIAL = {"fr": b"Essai", "en": b"Trial"}
_GREETINGS = {"fr": ("Bonjour {name},", "Bonjour,"), "en": ("Hello {name},", "Hello,")}
_ANONYMOUS = {"fr": "Une personne que vous connaissez", "en": "Someone you know"}


@dataclass(frozen=True)
class Blank:
    """One template in one language: `message % values` is the mail."""

    message: bytes
    language: str
    subject_line: str

    @property
    def anonymous(self) -> str:
        """What stands for a sender without a name."""
        return _ANONYMOUS[self.language]

    def greeting(self, name: str) -> str:
        """Return the first line to someone with this name, or with none."""
        named, nameless = _GREETINGS[self.language]
        return named.format(name=name) if name else nameless

    def subject(self, sender: str) -> bytes:
        """Return the value of the Subject header."""
        return _subject(self.subject_line, sender)


def compile_blank(
    mail: MailGroup, kind: MailKind, language: str, draft: Draft, branding: Branding, *, trial: bool = False
) -> Blank:
    """Encode a draft as a message from the sender of these settings."""
    text = skeleton.text_part("plain", skeleton.body("text", draft.text))
    html = skeleton.text_part("html", skeleton.body("html", draft.html))
    if branding.logo is not None:
        picture = skeleton.picture_part(branding.logo.content_type, LOGO_ID, branding.logo.content)
        html = skeleton.multipart("related", f"=_relance_logo_{kind}_{language}", [html, picture])
    body = skeleton.multipart("alternative", f"=_relance_{kind}_{language}", [text, html])
    headers = _headers(mail, kind, language, branding)
    if trial:
        headers = _as_trial(headers, language)
    return Blank(skeleton.message(headers, body), language, draft.subject_line)


def _as_trial(headers: Headers, language: str) -> Headers:
    # A line of its own, so that encoded words behind it keep their limit (RFC 2047 section 2).
    beginning = b"[%b]\r\n " % _TRIAL[language]
    marked = [(name, beginning + value if name == "Subject" else value) for name, value in headers]
    return [*marked, ("X-Relance-Trial", b"yes")]


def _headers(mail: MailGroup, kind: MailKind, language: str, branding: Branding) -> Headers:
    brand = phrase(clean_name(mail.sender_name))
    domain = mail.message_id_domain
    # Gmail's feedback loop: up to three labels, then a sender of 5 to 15 characters.
    feedback_sender = re.sub("[^a-z0-9]", "", domain.lower())[:15]
    fixed = [
        ("From", brand + f" <{mail.sender_address}>".encode()),
        ("Reply-To", f"<{mail.reply_to or branding.reply_to or mail.sender_address}>".encode()),
        ("Auto-Submitted", b"auto-generated"),
        ("Content-Language", language.encode()),
        ("List-Id", brand + f" <invitations.{domain}>".encode()),
        ("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
    ]
    return [
        ("Date", b"%(date)b"),
        *((name, value.replace(b"%", b"%%")) for name, value in fixed),
        ("To", b"%(to)b"),
        ("Subject", b"%(subject)b"),
        ("List-Unsubscribe", b"%(unsubscribe)b"),
        ("Feedback-ID", f"{kind}:{language}:%(period)b:{feedback_sender}".encode()),
        ("Message-ID", b"%(message_id)b%(thread)b"),
    ]


@lru_cache(maxsize=256)
def _subject(subject_line: str, sender: str) -> bytes:
    return unstructured(skeleton.fill_slots(subject_line, {"sender": sender}))
