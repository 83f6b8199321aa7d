"""What mails look like: ours unless a folder of templates says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.domain.mail_templates.colours import DARK, LIGHT, Colours


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that travels within each mail, shown `width` x `height` pixels large.

    Embedded, because mail programs show what is in the mail and ask before they load anything from the web.
    """

    content: bytes
    content_type: str
    width: int
    height: int
    alternative: str


@dataclass(frozen=True, slots=True)
class Branding:
    """Everything of one's own; `sources` are Jinja blocks by file name, `privacy_urls` by language."""

    name: str | None = None
    reply_to: str | None = None
    postal_address: str = ""
    privacy_urls: Mapping[str, str] = field(default_factory=dict)
    logo: Logo | None = None
    light: Colours = LIGHT
    dark: Colours = DARK
    sources: Mapping[str, str] = field(default_factory=dict)
