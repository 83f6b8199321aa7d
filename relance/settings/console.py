"""The settings of the console, the pages for people (SPEC section 15)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from relance.settings.group import SettingsGroup, Zone
from relance.settings.loopback import is_private
from relance.settings.recipients import listed


class SignInWay(StrEnum):
    """How people sign in; `none` switches the console off."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - the name of a way
    PROXY = "proxy"
    OIDC = "oidc"


def _encrypted(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be like https://login.example, with a path if need be and nothing else")
    if not is_private(parts):
        raise ValueError("must be https: what goes there decides who may sign in")
    return url


def _page(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be like https://temporal.example")
    return url.rstrip("/")


class ConsoleGroup(SettingsGroup):
    """The pages for people, served beside the gateway under `/console`."""

    sign_in: SignInWay = Field(
        SignInWay.NONE,
        description="How people sign in: `oidc` (OpenID Connect), `proxy` (a proxy in front says who it is), `token` "
        "(a link of `starter.py console token`); `none` means there is no console.",
    )
    issuer: Annotated[str | None, AfterValidator(_encrypted)] = Field(
        None, description="OpenID Connect: the provider, as its tokens name it."
    )
    client_id: str = Field("", max_length=200, description="OpenID Connect: what the provider knows this console by.")
    client_secret: SecretStr | None = Field(
        None, description="OpenID Connect: the secret of this client; none for a public client, which has PKCE alone."
    )
    role_claim: str = Field(
        "roles",
        min_length=1,
        max_length=100,
        description="OpenID Connect: the claim of the id token whose values decide about the role; dots lead into "
        "objects, as in `realm_access.roles`.",
    )
    email_domains: str = Field(
        "",
        description="OpenID Connect: only people with a verified address of these domains may sign in, separated by "
        "commas; empty means everybody with a role.",
    )
    user_header: str = Field(
        "X-Forwarded-User",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Proxy: the header that names who is signed in. Believed only from "
        "`RELANCE_GATEWAY__TRUSTED_PROXIES`, which must remove it from what comes from outside.",
    )
    roles_header: str = Field(
        "X-Forwarded-Groups",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Proxy: the header with the values that decide about the role, separated by commas.",
    )
    viewers: str = Field(
        "relance-viewer", description="Values of the claim or header that make a viewer, separated by commas."
    )
    operators: str = Field(
        "relance-operator", description="Values of the claim or header that make an operator, separated by commas."
    )
    token_from_anywhere: bool = Field(
        False, description="Token: whether a sign-in link also works from another machine than this one."
    )
    session: timedelta = Field(
        timedelta(hours=12),
        ge=timedelta(minutes=5),
        le=timedelta(days=7),
        description="After so long a person signs in again.",
    )
    temporal_web: Annotated[str | None, AfterValidator(_page)] = Field(
        None, description="Address of Temporal Web, for links to workflows; none means no links."
    )
    language: Literal["en", "fr"] = Field("en", description="Language for browsers that ask for none of ours.")
    zone: Zone | None = Field(
        None, description="Zone of times until a browser has told its own; none means the default zone."
    )
    viewers_at_once: int = Field(
        300,
        ge=1,
        le=5000,
        description="Most open pages that a process keeps up to date; others are read by reloading.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.sign_in is SignInWay.OIDC and not (self.issuer and self.client_id):
            raise ValueError("sign_in is oidc, so issuer and client_id are needed")
        if set(listed(self.viewers)) & set(listed(self.operators)):
            raise ValueError("viewers and operators name the same value: one value gives one role")
        return self

    @property
    def is_on(self) -> bool:
        """Whether there is a console."""
        return self.sign_in is not SignInWay.NONE
