"""The settings of the mail intake: where mail comes back to, and which relays may report over HTTP (SPEC G3)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from relance.domain.intake.model import DoorNames
from relance.domain.invitations.addresses import domain_of, valid_address
from relance.settings.group import SettingsGroup
from relance.settings.mail import Address
from relance.settings.recipients import listed
from relance.settings.signing_secrets import FORM, SigningSecrets

MEGABYTE = 1_000_000


class ListenerProtocol(StrEnum):
    """How mail is handed in: LMTP (RFC 2033) answers for each recipient, SMTP once."""

    LMTP = "lmtp"
    SMTP = "smtp"


def _basic(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and not all(secret.get_secret_value().partition(":")[::2]):
        raise ValueError("must be USER:PASSWORD, as in the address the relay calls")
    return secret


def _domains(text: str) -> str:
    for domain in listed(text):
        if not valid_address(f"a@{domain}") or "@" in domain:
            raise ValueError(f"{domain!r} is no domain like example.org")
    return text


def _topic(arn: str | None) -> str | None:
    if arn is not None and not (arn.startswith("arn:aws") and arn.count(":") == 5 and ":sns:" in arn):
        raise ValueError(f"{arn!r} is no topic like arn:aws:sns:eu-west-1:123456789012:bounces")
    return arn


class Intake(SettingsGroup):
    """The listener for delivery reports, complaints and unsubscribe mails, and the relays' webhooks."""

    host: str = Field("127.0.0.1", min_length=1, description="Address the listener listens on.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port of the listener, shared by all processes of this machine that serve the gateway; none means "
        "there is no listener.",
    )
    protocol: ListenerProtocol = Field(
        ListenerProtocol.LMTP, description="lmtp (an answer per recipient) or smtp, as the mail server delivers."
    )
    domains: Annotated[str, AfterValidator(_domains)] = Field(
        "",
        description="Domains mail is taken for, separated by commas; without any the bounce domain and the one of "
        "`unsubscribe_address`.",
    )
    unsubscribe_address: Address | None = Field(
        None, description="Where unsubscribe mails go, with `+TOKEN` before the @; without it unsub@ the bounce domain."
    )
    max_bytes: int = Field(
        25 * MEGABYTE, ge=64 * 1024, le=200 * MEGABYTE, description="Largest message taken; larger ones are refused."
    )
    max_connections: int = Field(50, ge=1, le=1000, description="Connections of the listener at once, per process.")
    idle_timeout: float = Field(60.0, gt=0, le=600, description="Seconds a silent connection is kept.")
    connection_timeout: float = Field(600.0, gt=0, le=3600, description="Seconds a connection may last in all.")
    records_kept: timedelta = Field(
        timedelta(days=60),
        ge=timedelta(days=35),
        le=timedelta(days=90),
        description="How long the records of messages that were read are kept: ids and codes.",
    )
    messages_kept: timedelta = Field(
        timedelta(days=30),
        ge=timedelta(days=1),
        le=timedelta(days=90),
        description="How long a message is kept that could not be attributed, for a person to look at.",
    )
    kept_bytes: int = Field(256 * 1024, ge=4096, le=8 * MEGABYTE, description="How much of such a message is kept.")
    ses_topic: Annotated[str | None, AfterValidator(_topic)] = Field(
        None, description="The SNS topic of Amazon SES that may report (POST /webhooks/ses); none means no one may."
    )
    postmark_auth: Annotated[SecretStr | None, AfterValidator(_basic)] = Field(
        None, min_length=12, description="USER:PASSWORD that Postmark calls POST /webhooks/postmark with."
    )
    mailgun_key: SecretStr | None = Field(
        None, min_length=16, description="Mailgun's webhook signing key, for POST /webhooks/mailgun."
    )
    sendgrid_key: SecretStr | None = Field(
        None, min_length=80, description="SendGrid's verification key (base64), for POST /webhooks/sendgrid."
    )
    neutral_secrets: SigningSecrets | None = Field(
        None,
        description=f"Signing secrets of POST /webhooks/neutral ({FORM}); to rotate, add the new one and take the old "
        "one away later.",
    )

    def taken_domains(self, bounce_domain: str) -> frozenset[str]:
        """Return the domains mail is taken for, lower case."""
        own = list(listed(self.domains)) or [bounce_domain, domain_of(self.unsubscribe_address or "")]
        return frozenset(address.lower() for address in own if address)

    def refused_domains(self, bounce_domain: str) -> list[str]:
        """Return the domains that our own mails have reports and unsubscribe mails sent to, and that are not taken."""
        named = [bounce_domain, domain_of(self.unsubscribe_address or "") or bounce_domain]
        taken = self.taken_domains(bounce_domain)
        return [domain for domain in dict.fromkeys(name.lower() for name in named) if domain not in taken]

    def door_names(self) -> DoorNames:
        """Return the local parts mail comes back to."""
        standard = DoorNames()
        own = (self.unsubscribe_address or "").rpartition("@")[0]
        return DoorNames(standard.bounce, tuple(dict.fromkeys(filter(None, (own, *standard.unsubscribe)))))
