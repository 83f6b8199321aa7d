"""Letters written as messages: the port's `OutgoingMail` in, the bytes for the relay out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import TypeAlias

from markupsafe import escape

from relance.domain.invitations.addresses import normalise, valid_address
from relance.domain.invitations.invitation import MailKind
from relance.domain.labels import clean_name, name_of_person
from relance.domain.mail_templates.slots import LANGUAGES
from relance.errors import InvalidInput
from relance.ports import OutgoingMail
from relance.rendering.blanks import Blank, compile_blank
from relance.rendering.branding.model import Branding
from relance.rendering.drafts import drafted
from relance.rendering.jinja_templates import environment
from relance.rendering.names import phrase
from relance.rendering.skeleton import quoted
from relance.settings.mail import MailGroup

SignLink: TypeAlias = Callable[[str], str]
"""Makes the signed token of an invitation, or an address that holds one."""

CountWithheld: TypeAlias = Callable[[str], None]
"""Gets whose name was not shown, `sender` or `recipient`."""


def _uncounted(_: str) -> None:
    pass


_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>\Z")


class MailRenderer:
    """Writes every mail of this installation; all templates are compiled when it is made.

    A trial says that it is one, in its subject and in the header `X-Relance-Trial`.
    """

    def __init__(
        self,
        mail: MailGroup,
        sign_form: SignLink,
        sign_unsubscribe: SignLink,
        withheld: CountWithheld = _uncounted,
        *,
        unsubscribe_mail: SignLink | None = None,
        sign_opened: SignLink | None = None,
        branding: Branding | None = None,
        trial: bool = False,
    ) -> None:
        self._form_base = f"{mail.link_base.rstrip('/')}/f/"
        self._unsubscribe_base = f"{mail.link_base.rstrip('/')}/u/"
        self._sign_form = sign_form
        self._sign_unsubscribe = sign_unsubscribe
        self._withheld = withheld
        self._unsubscribe_mail = unsubscribe_mail
        self._opened_base = f"{mail.link_base.rstrip('/')}/o/"
        self._sign_opened = sign_opened if mail.open_tracking else None
        look = branding or Branding()
        jinja = environment(look)
        self._blanks = {
            (kind, language): compile_blank(
                mail, kind, language, drafted(mail, kind, language, look, jinja), look, trial=trial
            )
            for kind in MailKind
            for language in LANGUAGES
        }

    def write(self, letter: OutgoingMail) -> tuple[str, bytes]:
        """Return the recipient's address for the envelope, and the message with CRLF line ends.

        Raises:
            InvalidInput: the address or a Message-ID cannot be used.
        """
        address = _deliverable(letter.to_address)
        blank = self._blanks[letter.kind, language_of(letter.locale)]
        sender = self._shown(letter.sender_name, "sender") or blank.anonymous
        name = self._shown(letter.to_name, "recipient")
        unsubscribe = f"{self._unsubscribe_base}{self._sign_unsubscribe(letter.invitation_id)}"
        links = {
            b"form_url": f"{self._form_base}{self._sign_form(letter.invitation_id)}",
            b"unsubscribe_url": unsubscribe,
        }
        values = {
            b"date": _date(letter.date),
            b"message_id": _checked_id(letter.message_id),
            b"thread": _thread(letter.references),
            b"to": (phrase(name) + b"\r\n " if name else b"") + f"<{address}>".encode(),
            b"subject": blank.subject(sender),
            b"unsubscribe": self._list_unsubscribe(unsubscribe, letter.invitation_id),
            b"html_opened": quoted(self._picture(letter)),
            b"period": letter.invitation_id[:7].encode(),
            **_body_values(sender, blank, name, links),
        }
        return address, blank.message % values

    def _list_unsubscribe(self, link: str, invitation_id: str) -> bytes:
        # RFC 8058 asks for one HTTPS link, and lets a mail address stand beside it (RFC 2369 3.2).
        if self._unsubscribe_mail is None:
            return f"<{link}>".encode()
        return f"<{link}>,\r\n <mailto:{self._unsubscribe_mail(invitation_id)}>".encode()

    def _picture(self, letter: OutgoingMail) -> str:
        if self._sign_opened is None or not letter.is_tracked:
            return ""
        address = f"{self._opened_base}{self._sign_opened(letter.invitation_id)}.gif"
        return f'<img src="{address}" width="1" height="1" alt="" style="display:block;border:0;">'

    def _shown(self, name: str, whose: str) -> str:
        shown = name_of_person(name)
        if not shown and clean_name(name):
            self._withheld(whose)
        return shown


def language_of(locale: str) -> str:
    """Return the language we write in to someone with this locale: French to French speakers, else English."""
    return "fr" if re.split("[-_]", locale.strip().lower(), maxsplit=1)[0] == "fr" else "en"


def _deliverable(address: str) -> str:
    if not valid_address(address):
        raise InvalidInput("EMAIL", "it is not an address mail can be sent to", "correct the contact's address")
    # With its domain as A-labels, only the local part may still be other than ASCII.
    return normalise(address)


def _body_values(sender: str, blank: Blank, name: str, links: dict[bytes, str]) -> dict[bytes, bytes]:
    greeting = blank.greeting(name)
    values: dict[bytes, bytes] = {}
    for key, url in links.items():
        values[b"text_" + key] = values[b"html_" + key] = quoted(url)
    values[b"text_sender"], values[b"html_sender"] = _both(sender)
    values[b"text_greeting"], values[b"html_greeting"] = quoted(greeting), quoted(str(escape(greeting)))
    return values


@lru_cache(maxsize=256)
def _both(sender: str) -> tuple[bytes, bytes]:
    return quoted(sender), quoted(str(escape(sender)))


@lru_cache(maxsize=16)
def _date_of(second: datetime) -> bytes:
    return format_datetime(second).encode()


def _date(instant: datetime) -> bytes:
    return _date_of(instant.astimezone(UTC).replace(microsecond=0))


def _thread(references: str | None) -> bytes:
    if references is None:
        return b""
    first = _checked_id(references)
    return b"\r\nIn-Reply-To: " + first + b"\r\nReferences: " + first


def _checked_id(message_id: str) -> bytes:
    if not _MESSAGE_ID.match(message_id):
        raise InvalidInput("MESSAGE_ID", "it has characters a Message-ID may not have", "make it with relance.ids")
    return message_id.encode()
