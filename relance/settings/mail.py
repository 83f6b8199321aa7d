"""The settings of the relay, its pool and limits, and of what mails say about their sender (SPEC C8, X2)."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from relance.domain.invitations.addresses import valid_address
from relance.settings.group import SettingsGroup
from relance.settings.loopback import is_here


class TlsMode(StrEnum):
    """How a connection to the relay is secured."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


def _address(text: str) -> str:
    if not valid_address(text):
        raise ValueError(f"{text!r} is no mail address like invitations@example.org")
    if not text.rpartition("@")[0].isascii():
        raise ValueError(f"{text!r} has letters outside ASCII before the @, which few mail servers take")
    return text


def _domain(text: str) -> str:
    if not valid_address(f"a@{text}") or "@" in text:
        raise ValueError(f"{text!r} is no domain like example.org")
    return text


def _host(text: str) -> str:
    if (
        "/" in text
        or "@" in text
        or any(character.isspace() for character in text)
        or (":" in text and not _is_ip(text))
    ):
        raise ValueError(f"{text!r} is no host: write a name or an address, and the port into RELANCE_MAIL__PORT")
    return text


def one_line(text: str) -> str:
    """Return a text that is one line of printable characters.

    Raises:
        ValueError: it is not.
    """
    if not text.strip() or any(not character.isprintable() for character in text):
        raise ValueError("must be one line of printable text")
    return text


def _link_base(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{text!r} must be like https://example.org, with a path if need be and nothing else")
    return text


def _is_ip(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


Address = Annotated[str, AfterValidator(_address)]
Domain = Annotated[str, AfterValidator(_domain)]


class MailGroup(SettingsGroup):
    """The relay, its pool and limits, and what the mails say about their sender."""

    host: Annotated[str, AfterValidator(_host)] = Field("127.0.0.1", min_length=1, description="The relay's host.")
    port: int = Field(2525, ge=1, le=65535, description="The relay's port.")
    tls: TlsMode = Field(
        TlsMode.NONE,
        description="none, starttls (required, never optional) or tls from the start; a password needs one of the last "
        "two, unless the relay is on this machine.",
    )
    verify_certificate: bool = Field(True, description="Whether the relay's certificate must be valid.")
    username: str | None = Field(None, description="User name at the relay; none means no authentication.")
    password: SecretStr | None = Field(None, description="Password at the relay.")
    connections: int = Field(
        48,
        ge=1,
        le=200,
        description="Most connections open at once, of the whole installation (each process that sends has one at "
        "least); Postfix takes 50 by default.",
    )
    messages_per_connection: int = Field(
        100, ge=1, le=10_000, description="Mails after which each connection is renewed."
    )
    connect_timeout: float = Field(30.0, gt=0, le=300, description="Seconds to connect and greet.")
    command_timeout: float = Field(300.0, gt=0, le=900, description="Seconds for MAIL and RCPT (RFC 5321: 5 minutes).")
    data_timeout: float = Field(
        600.0, gt=0, le=1800, description="Seconds for the reply to the data (RFC 5321 4.5.3.2.6: 10 minutes)."
    )
    rate: float | None = Field(None, gt=0, description="Most mails per second to the relay, of the whole installation.")
    rate_per_domain: float | None = Field(
        None,
        gt=0,
        description="Most mails per second to one recipient domain, of the whole installation; see pacing for the "
        "large ones.",
    )
    sender_name: Annotated[str, AfterValidator(one_line)] = Field(
        "Form-a-Friend", max_length=100, description="Display name of the From header."
    )
    sender_address: Address = Field("bonjour@form-a-friend.example", description="Address of the From header.")
    reply_to: Address | None = Field(None, description="Reply-To; without it answers go to the sender.")
    bounce_domain: Domain = Field("bounces.form-a-friend.example", description="Domain of the envelope sender (VERP).")
    message_id_domain: Domain = Field("form-a-friend.example", description="Right side of the Message-ID.")
    link_base: Annotated[str, AfterValidator(_link_base)] = Field(
        "https://form-a-friend.example",
        description="Where the links in the mails point to: the public address of whoever answers `/u/`, `/f/` and "
        "`/o/`. Not set, it is `RELANCE_GATEWAY__PUBLIC_URL` if that is.",
    )
    templates: Path | None = Field(
        None,
        description="Folder with texts, logo, colours and legal notice of one's own for the mails (docs/mails.md); "
        "read once, when a worker starts.",
    )
    open_tracking: bool = Field(
        False,
        description="Whether mails to contacts who have agreed to it (`trackingConsent`) hold a picture by which it is "
        "seen that they were opened. No reminder depends on it.",
    )
    rehearsal: bool = Field(
        False,
        description="Whether the relay delivers nothing, so that names for examples (form-a-friend.example) may stand "
        "in mails. Set by the embedded stack alone; the relay must be on this machine.",
    )

    @model_validator(mode="after")
    def _a_password_does_not_travel_open(self) -> MailGroup:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together, and one of them is not set")
        if self.password is not None and self.tls is TlsMode.NONE and not self.is_local:
            raise ValueError("the password would travel unencrypted: set RELANCE_MAIL__TLS to starttls or tls")
        return self

    @model_validator(mode="after")
    def _a_rehearsal_stays_here(self) -> MailGroup:
        if self.rehearsal and not self.is_local:
            raise ValueError("rehearsal says that mails do not leave this machine, and the relay is on another one")
        return self

    @property
    def is_local(self) -> bool:
        """Whether the relay is on this machine."""
        return is_here(self.host)
