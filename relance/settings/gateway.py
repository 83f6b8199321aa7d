"""The settings of the HTTP gateway."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from relance.settings.group import SettingsGroup
from relance.settings.keyring import Keyring
from relance.settings.loopback import LOOPBACK, is_private
from relance.settings.privacy import Keys, ring_of
from relance.settings.recipients import listed
from relance.settings.signing_secrets import FORM, SigningSecrets, signing_keys

SIGNING_SECRETS, API_KEYS = "RELANCE_GATEWAY__SIGNING_SECRETS", "RELANCE_GATEWAY__API_KEYS"
CODEC_TOKENS = "RELANCE_GATEWAY__CODEC_TOKENS"
TOKEN = "{token}"  # noqa: S105 - the place of one


def _public(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if not is_private(parts):
        raise ValueError("links would be opened unencrypted; use https")
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be like https://relance.example, with a path if need be and nothing else")
    return url.rstrip("/")


def _form(url: str) -> str:
    parts = urlsplit(url)
    is_fine = parts.scheme == "https" or parts.hostname in LOOPBACK
    if not parts.hostname or parts.username or parts.password or not is_fine:
        raise ValueError(f"must be like https://app.example/f/{TOKEN}")
    if url.count(TOKEN) != 1 or TOKEN not in parts.path + parts.query or "{" in url.replace(TOKEN, ""):
        raise ValueError(f"must hold {TOKEN} once, behind the host, in whose place the form's token comes")
    return url


def _networks(text: str) -> str:
    for part in listed(text):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError(f"{part!r} is no address and no network like 10.0.0.0/8") from None
        if network.prefixlen == 0:
            raise ValueError(f"{part} is everybody, and whoever is trusted says who he is; name the proxies")
    return text


def _origins(text: str) -> str:
    for part in listed(text):
        parts = urlsplit(part)
        if parts.scheme not in {"http", "https"} or not parts.hostname or part != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"{part!r} is no origin like https://temporal.example, without a path or a slash")
    return text


class Gateway(SettingsGroup):
    """What is reachable over HTTP: the links in mails, the event API, and the pictures that chat messages link to."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port to listen on, shared by all processes of this machine with the role gateway, ops or all; "
        "none means nothing is served.",
    )
    public_url: Annotated[str | None, AfterValidator(_public)] = Field(
        None,
        description="How the gateway is called from outside (https); none means that messages hold no links to it.",
    )
    signing_secrets: SigningSecrets = Field(
        SecretStr(""),
        description=f"Secrets by which the application signs its events ({FORM}); any of them will do, so to rotate, "
        "add the new one here first, then in the application, then drop the old one. Without one no events are taken.",
    )
    api_keys: Keys = Field(
        None,
        description="Keys by which the application asks about tokens and invitations; any of them will do. At least 32 "
        "characters without blanks; several keys separated by commas. Without one nothing is answered.",
    )
    form_url: Annotated[str, AfterValidator(_form)] = Field(
        "https://form-a-friend.example/f/{token}",
        description="Where the links to the form lead in the end: the web application's address of a form (https), "
        "with `{token}` in the place of the token, which it resolves by `GET /api/v1/tokens/{token}`.",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "",
        description="Addresses and networks of the proxies in front, separated by commas: from these alone "
        "`X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    )
    connections: int = Field(
        500,
        ge=20,
        le=20_000,
        description="Most connections of a process; a new one pushes out the oldest silent one, or is closed.",
    )
    connections_per_client: int = Field(
        100, ge=5, le=20_000, description="The same for one client address that is no trusted proxy."
    )
    client_rate: float = Field(
        20.0,
        gt=0,
        le=10_000,
        description="Most requests per second of one client address to the links in mails and messages, of one "
        "process; ten seconds' worth may come at once.",
    )
    api_rate: float = Field(
        1_000.0,
        gt=0,
        le=100_000,
        description="Most requests per second of one client address to the API and the webhooks of relays, signed or "
        "not, of one process; ten seconds' worth may come at once. One request holds up to 1,000 events.",
    )

    codec_tokens: Keys = Field(
        None,
        description="Tokens by which programs read encrypted payloads at `/codec` (`temporal --codec-auth`). At least "
        "32 characters without blanks; several separated by commas. People sign in at the console.",
    )
    codec_origins: Annotated[str, AfterValidator(_origins)] = Field(
        "",
        description="Where Temporal Web is opened, like `https://temporal.example`, separated by commas: these pages "
        "may read payloads at `/codec` with the sign-in of their browser. For that they have the gateway's domain.",
    )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys of the secrets, the newest first; none if events are not taken."""
        return signing_keys(self.signing_secrets)

    @property
    def codec_token_ring(self) -> Keyring:
        """The tokens of the programs that read payloads; may be empty."""
        return ring_of(CODEC_TOKENS, self.codec_tokens)

    @property
    def api_keyring(self) -> Keyring:
        """The keys of the application's questions."""
        return ring_of(API_KEYS, self.api_keys)

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of the proxies in front."""
        return tuple(ip_network(part) for part in listed(self.trusted_proxies))
