"""Who uses the console, what for, and how much of other people they see (SPEC K4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

HIDDEN = "…"


class Role(StrEnum):
    """What a person may do: a viewer reads, an operator also decides and sees personal data."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """Somebody who is signed in; `name` is who a decision is recorded by, `way` how they signed in."""

    name: str
    role: Role
    way: str

    @property
    def decides(self) -> bool:
        """Whether this person may change something."""
        return self.role is Role.OPERATOR


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why somebody was let in: the values that gave the role, and the domain of a verified address."""

    values: tuple[str, ...] = ()
    domain: str = ""


def role_of(values: Collection[str], *, viewers: Collection[str], operators: Collection[str]) -> Role | None:
    """Return the highest role that the values of a claim or header give; None if they give none.

    `viewers` and `operators` are the values that make one.
    """
    if any(value in operators for value in values):
        return Role.OPERATOR
    return Role.VIEWER if any(value in viewers for value in values) else None


def masked_address(address: str) -> str:
    """Return an address of which nobody is recognised: `a…@…`."""
    return f"{address[:1]}{HIDDEN}@{HIDDEN}" if "@" in address else masked_name(address)


def masked_name(name: str) -> str:
    """Return a name of which only the first letter is left."""
    return f"{name[:1]}{HIDDEN}" if name else ""
