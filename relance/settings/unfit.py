"""What must not be in use outside of the embedded stack: no key, a published key, a name for examples (SPEC 10).

The settings can be read all the same: `--help`, a preview and `doctor` need none of it. Whatever opens a server for
more than a look asks here first.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.errors import SettingsError
from relance.settings import Settings
from relance.settings.gateway import Gateway
from relance.settings.keyring import MAKE_ONE, Keyring
from relance.settings.mail import MailGroup
from relance.settings.privacy import Privacy

PUBLISHED = "development-only-"
"""The beginning of the default keys of earlier versions: they are public in our sources."""

_RESERVED_TOP = frozenset({"example", "test", "invalid", "localhost"})
_RESERVED = frozenset({"example.com", "example.net", "example.org"})


@dataclass(frozen=True, slots=True)
class Unfit:
    """A setting that stops a start: its variable, what is wrong with it, what to do."""

    setting: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.reason}; {self.remedy}"


def unfit_keys(privacy: Privacy) -> list[Unfit]:
    """Return which keys are missing or known to everybody."""
    return [found for ring in privacy.keyrings if (found := _unfit_key(ring)) is not None]


def unfit_names(mail: MailGroup, gateway: Gateway | None = None) -> list[Unfit]:
    """Return which addresses and domains in mails are reserved names (RFC 2606, RFC 6761), to which nothing leads.

    With a gateway also where its links to forms lead, if the links in mails are its own.
    """
    if mail.rehearsal:
        return []
    hosts = {
        "SENDER_ADDRESS": mail.sender_address.rpartition("@")[2],
        "REPLY_TO": (mail.reply_to or "").rpartition("@")[2],
        "BOUNCE_DOMAIN": mail.bounce_domain,
        "MESSAGE_ID_DOMAIN": mail.message_id_domain,
        "LINK_BASE": urlsplit(mail.link_base).hostname or "",
    }
    named = {f"RELANCE_MAIL__{name}": host for name, host in hosts.items()}
    if gateway is not None and gateway.public_url and mail.link_base.rstrip("/") == gateway.public_url:
        named["RELANCE_GATEWAY__FORM_URL"] = urlsplit(gateway.form_url).hostname or ""
    return [
        Unfit(
            name, Sentence("{host} is a name for examples, to which nothing leads", host=host), Sentence("set your own")
        )
        for name, host in named.items()
        if is_reserved(host)
    ]


def check_keys(privacy: Privacy) -> None:
    """Make sure that there are keys, and that nobody else knows them.

    Raises:
        SettingsError: names each setting, the reason, and how to make a key.
    """
    _refuse(unfit_keys(privacy))


def check_names(mail: MailGroup, gateway: Gateway | None = None) -> None:
    """Make sure that what mails name exists.

    Raises:
        SettingsError: names each setting and the reason.
    """
    _refuse(unfit_names(mail, gateway))


def is_reserved(host: str) -> bool:
    """Return whether a host is one to which mails and links of others never lead."""
    name = host.lower().rstrip(".")
    try:
        return ip_address(name).is_loopback
    except ValueError:
        labels = name.split(".")
        return labels[-1] in _RESERVED_TOP or ".".join(labels[-2:]) in _RESERVED


def _unfit_key(ring: Keyring) -> Unfit | None:
    if not ring.texts:
        if ring.optional:
            return None
        return Unfit(ring.setting, Sentence("is not set"), Sentence("make a key with `{command}`", command=MAKE_ONE))
    if any(text.lower().startswith(PUBLISHED) for text in ring.texts):
        return Unfit(
            ring.setting,
            Sentence("is published in our sources, so it protects nothing"),
            Sentence("make one with `{command}`", command=MAKE_ONE),
        )
    return None


def _refuse(found: list[Unfit]) -> None:
    if found:
        raise SettingsError(". ".join(map(str, found)))


def settings_findings(settings: Settings) -> list[CheckFinding]:
    """Return what is unfit for mails that leave, or that every value can be used."""
    unfit = [*unfit_keys(settings.privacy), *unfit_names(settings.mail, settings.gateway)]
    if not unfit:
        return [CheckFinding("settings", FindingState.FINE, Sentence("every value can be used"))]
    return [CheckFinding(finding.setting, FindingState.WRONG, finding.reason, finding.remedy) for finding in unfit]
