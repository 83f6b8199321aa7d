"""The recipients of channels that have several: `slack:desk`, `mail:duty` (SPEC A5)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from relance.settings.group import SecretUrl

ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")
_SHOWN = re.compile(r"[\w-]{0,32}(:[\w-]{0,32})?")
_URL = TypeAdapter(SecretUrl)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
EXAMPLE = '{"slack:desk": "https://...", "mail:duty": "duty@your.domain"}'


class ChannelName(StrEnum):
    """The channels we can write to."""

    INBOX = "inbox"
    SLACK = "slack"
    TEAMS = "teams"
    WEBHOOK = "webhook"
    MAIL = "mail"
    APPRISE = "apprise"


def kind_of(name: str) -> ChannelName:
    """Return the channel of a name: that of `slack:desk` is Slack.

    Raises:
        ValueError: there is no such channel, or its recipient is not named as it must be.
    """
    kind, named, recipient = name.partition(":")
    # An address that stands where a name must stand is still a secret.
    shown = name if _SHOWN.fullmatch(name) else "by an address"
    if kind not in set(ChannelName):
        raise ValueError(f"no channel is called {shown}; there are {', '.join(ChannelName)}")
    if named and (kind == ChannelName.INBOX or not _NAME.fullmatch(recipient)):
        raise ValueError(
            f"{shown}: a recipient is named like slack:desk, by small letters, digits and -, and the inbox has none"
        )
    return ChannelName(kind)


def listed(text: str) -> list[str]:
    """Return the parts of a list that is separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read_recipients(text: SecretStr) -> Mapping[str, str]:
    """Return the address of each recipient, from a JSON object.

    Raises:
        ValueError: names the recipient and the reason, never an address.
    """
    if not text.get_secret_value().strip():
        return {}
    try:
        found = json.loads(text.get_secret_value())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"it is no JSON object; write {EXAMPLE}")  # noqa: TRY004 - pydantic asks for it
    for name, address in found.items():
        kind = kind_of(name)
        if kind_of(name) == name:
            raise ValueError(f"{name} names no recipient; write {name}:somebody, or set the address of {name} itself")
        if not isinstance(address, str) or not address.strip():
            raise ValueError(f"{name} has no address; write it as a text in quotes")
        _check(name, kind, address)
    return found


def masked(kind: ChannelName, address: str) -> str:
    """Return enough of an address to recognise it, and too little to use it."""
    if kind is ChannelName.INBOX:
        return "our database"
    if kind is ChannelName.MAIL:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}…@{domain}"
    try:
        parts = urlsplit(address)
        host = parts.hostname if kind is not ChannelName.APPRISE else ""
    except ValueError:
        return "…"
    return f"{parts.scheme}://{host}/…" if host else f"{parts.scheme}://…"


def _check(name: str, kind: ChannelName, address: str) -> None:
    if kind is ChannelName.MAIL:
        if not ADDRESS.fullmatch(address):
            raise ValueError(f"{name} has no mail address; write one, and name a further recipient for another one")
    elif kind is not ChannelName.APPRISE:
        try:
            _URL.validate_python(address)
        except ValidationError:
            raise ValueError(f"{name} has no address that begins like https:// and names a host") from None
    elif not re.match(r"[a-z][a-z0-9+.-]*://\S+$", address.strip(), re.IGNORECASE):
        raise ValueError(f"{name} has no address that begins like https://")
