"""Who the claims of an id token name, and what they may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from relance.domain.console.people import Grounds, Role, SignedInPerson, role_of

NO_ROLE, NO_ADDRESS, OTHER_DOMAIN = "no_role", "no_address", "other_domain"
LONGEST_NAME: Final = 100
_NAMES: Final = ("preferred_username", "email", "name", "sub")


def role_on(
    grounds: Grounds, *, viewers: Collection[str], operators: Collection[str], domains: Collection[str]
) -> Role | str:
    """Return the role that these grounds give under these settings, or the code of why they give none.

    With `domains` a verified address of one of them is needed: an unverified one anybody can claim.
    """
    if domains and not grounds.domain:
        return NO_ADDRESS
    if domains and grounds.domain not in {domain.lower().lstrip("@") for domain in domains}:
        return OTHER_DOMAIN
    return role_of(grounds.values, viewers=viewers, operators=operators) or NO_ROLE


def grounds_of(claims: Mapping[str, Any], role_claim: str) -> Grounds:
    """Return what in the claims decides about the role."""
    address = claims.get("email")
    is_sure = isinstance(address, str) and claims.get("email_verified") is True
    domain = str(address).rpartition("@")[2].lower() if is_sure else ""
    return Grounds(tuple(values_at(claims, role_claim)), domain)


def person_of(claims: Mapping[str, Any], role: Role, way: str) -> SignedInPerson:
    """Return who signs in with a role."""
    named = (claims.get(name) for name in _NAMES)
    name = next((text.strip() for text in named if isinstance(text, str) and text.strip() and text.isprintable()), "")
    return SignedInPerson(name=name[:LONGEST_NAME], role=role, way=way)


def values_at(claims: Mapping[str, Any], path: str) -> list[str]:
    """Return the texts at a claim: one, or a list of them; a whole name comes before its parts."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []
