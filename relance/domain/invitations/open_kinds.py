"""Whether a person opened a mail, or a machine fetched its picture (SPEC G4)."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

TOO_SOON = timedelta(seconds=10)
"""Nobody reads a mail this soon after the relay took it; gateways that look into mails fetch within seconds."""


class OpenKind(StrEnum):
    """Who fetched the picture of a mail."""

    PERSON = "person"
    MACHINE = "machine"


_PROXIES = (
    r"GoogleImageProxy",  # Gmail, also before anybody looks
    r"ggpht\.com",
    r"Edge/12\.246",  # Gmail's prefetching (reference/mail.md A.5)
    r"YahooMailProxy",
    r"DuckDuckGo.*(?:Proxy|Email)",
    r"Fastmail",
    r"ProtonMail",
    r"HeyImageProxy",
    r"Zoho.?Mail.?Image",
    r"MailRuImageProxy|Mail\.Ru",
    r"YandexImageResizer|YandexBot",
)
_SCANNERS = (
    r"Barracuda",
    r"Mimecast",
    r"Proofpoint",
    r"IronPort|Cisco",
    r"Symantec|MessageLabs|Broadcom",
    r"TrendMicro|Trend.?Micro",
    r"Sophos",
    r"FireEye|Trellix",
    r"Forcepoint|Websense",
    r"Fortinet|FortiMail|FortiGuard",
    r"Kaspersky|ESET|Bitdefender|Avast|AVG",
    r"Vade|Hornetsecurity|Cloudmark|SpamExperts",
    r"SafeLinks|Defender|BingPreview|SkypeUriPreview|MicrosoftPreview|Office Existence Discovery",
)
_PROGRAMS = (
    r"\b(?:bot|crawler|spider|scanner|preview|prefetch|proxy|monitor|checker|validator)\b",
    r"bot[/;)-]",
    r"Headless|PhantomJS|Puppeteer|Playwright|Selenium",
    r"^(?:curl|wget|python|Go-http-client|Java|okhttp|axios|node|undici|libwww|Ruby|PHP|Apache-HttpClient|aiohttp|http)",
    r"python-requests|urllib|httpx",
)
_MACHINES = re.compile("|".join((*_PROXIES, *_SCANNERS, *_PROGRAMS)), re.IGNORECASE)
# Apple's Mail Privacy Protection fetches every picture with this and nothing behind it.
_APPLE_PRIVACY = "mozilla/5.0"
_LONGEST = 400


def open_kind(user_agent: str, since_sent: timedelta | None) -> OpenKind:
    """Return who fetched a picture, by what it calls itself and how long after the last mail; in doubt a machine.

    `since_sent` is None if it is not known when a mail was sent.
    """
    agent = user_agent.strip()[:_LONGEST]
    if agent.lower() in {"", _APPLE_PRIVACY} or _MACHINES.search(agent):
        return OpenKind.MACHINE
    return OpenKind.MACHINE if since_sent is None or since_sent < TOO_SOON else OpenKind.PERSON
