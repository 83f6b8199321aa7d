"""Who must get a mail, worked out from the inserted documents alone: nothing here knows the code under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Documents = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a complete run has to do: mailbox address to invitation id, in three groups without overlap.

    reachable: must get the invitation. refused: the mailbox refuses them for good, so they must end with a reason.
    Whoever is in neither must get nothing.
    """

    reachable: Mapping[str, str]
    refused: Mapping[str, str]

    @property
    def eligible(self) -> int:
        """How many contacts may be written to."""
        return len(self.reachable) + len(self.refused)


def expectation(period: str, users: Documents, contacts: Documents, refused_domain: str = "") -> Expectation:
    """Return what the cycle of a period owes these people; the mailbox refuses `refused_domain` for good."""
    senders = {user["_id"] for user in users if user["status"] == "active" and _is_valid(user)}
    reachable: dict[str, str] = {}
    refused: dict[str, str] = {}
    for contact in contacts:
        address = contact["email"].casefold()
        if contact["userId"] not in senders or contact["status"] != "active" or "@" not in address:
            continue
        if address in reachable or address in refused:
            continue
        group = refused if refused_domain and address.endswith(f"@{refused_domain}") else reachable
        group[address] = f"{period}.{contact['userId']}.{contact['_id']}"
    return Expectation(reachable, refused)


def _is_valid(user: Mapping[str, Any]) -> bool:
    return isinstance(user.get("reminderSettings", {}), Mapping)
