"""A trial mail out of a file: its headers, and what dkimpy says to each of its DKIM signatures."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr

import dkim

from relance.domain.mail_setup.records import DnsAnswer, DnsQuestion, RecordKind
from relance.domain.mail_setup.tags import read_tags
from relance.domain.mail_setup.trial_mail import MailSignature, TrialMail
from relance.errors import InvalidInput
from relance.ports.dns import DnsLookups

MOST_SIGNATURES = 10
_SHORTEST_KEY = 1024
_SPACE = re.compile(r"\s+")


async def read_trial_mail(raw: bytes, lookups: DnsLookups) -> TrialMail:
    """Read a received mail and verify its signatures with the keys DNS has now.

    Raises:
        InvalidInput: it is no mail.
    """
    message = message_from_bytes(raw)
    if message["From"] is None:
        raise InvalidInput("--message", "the file is no mail: it has no From", "save the mail with all its headers")
    fields = [read_tags(_SPACE.sub("", str(signature))).tags for signature in message.get_all("DKIM-Signature", [])]
    fields = fields[:MOST_SIGNATURES]
    names = [f"{field.get('s', '')}._domainkey.{field.get('d', '')}".lower() for field in fields]
    keys = await lookups.ask([DnsQuestion(name, RecordKind.TXT) for name in dict.fromkeys(names)])
    # Some milliseconds per signature, of pure Python.
    signatures = await asyncio.to_thread(_verified, raw, fields, keys)
    author = parseaddr(str(message["From"]))[1].rpartition("@")[2].lower()
    return TrialMail(author=author, headers=_headers(message), signatures=signatures)


def _headers(message: Message) -> dict[str, str]:
    return {name.lower(): " ".join(str(value).split()) for name, value in message.items()}


def _verified(raw: bytes, fields: list[dict[str, str]], keys: Mapping[DnsQuestion, DnsAnswer]) -> list[MailSignature]:
    message = b"\r\n".join(raw.splitlines()) + b"\r\n"
    return [_signature(message, index, tags, keys) for index, tags in enumerate(fields)]


def _signature(
    message: bytes, index: int, tags: dict[str, str], keys: Mapping[DnsQuestion, DnsAnswer]
) -> MailSignature:
    reasons = _Reasons()

    def text_of(name: bytes, timeout: int = 5) -> bytes:
        found = keys.get(DnsQuestion(name.decode("ascii", "replace").rstrip(".").lower(), RecordKind.TXT))
        return found.values[0].encode() if found is not None and found.values else b""

    logger = logging.Logger("dkim", logging.DEBUG)
    logger.addHandler(reasons)
    try:
        valid = bool(dkim.DKIM(message, logger=logger, minkey=_SHORTEST_KEY).verify(index, dnsfunc=text_of))
        reason = "" if valid else reasons.last or "it does not match the headers"
    except dkim.DKIMException as error:
        valid, reason = False, str(error)
    except Exception as error:  # noqa: BLE001 - whatever a foreign header does to the library, it is not valid
        valid, reason = False, f"it cannot be read ({type(error).__name__})"
    return MailSignature(
        domain=tags.get("d", "").lower(),
        selector=tags.get("s", ""),
        signed=tuple(name.lower() for name in tags.get("h", "").split(":")),
        valid=valid,
        reason=_SPACE.sub(" ", reason)[:160],
        part_of_body="l" in tags,
    )


class _Reasons(logging.Handler):
    """Keeps the last thing the library complained about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.last = record.getMessage()
