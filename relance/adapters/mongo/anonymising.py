"""Documents of an ended period without the ids of people (SPEC H1, section 13).

An id is replaced by its keyed hash. The key is random, one per period, and destroyed when all of the period is done:
what belongs to one user still belongs together, and nobody can tell whose it was. A document changes its `_id`: the
anonymous one is inserted first, then the other one is deleted, and a process that dies in between does both again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from relance.adapters.mongo.documents import Raw
from relance.domain.base import Document
from relance.domain.cycle.control import Compensation
from relance.domain.cycle.planning import Plan
from relance.domain.invitations.invitation import Invitation
from relance.ids import invitation_id, plan_id

ANONYMOUS = "anonymous"
_DIGITS = 20

Named = Callable[[str], str]
"""From an id to what takes its place."""


def names(key: bytes) -> Named:
    """Return the hash by which ids are replaced under a key."""
    return lambda text: f"anon-{hmac.digest(key, text.encode(), 'sha256').hex()[:_DIGITS]}"


def anonymous_invitation(raw: Raw, named: Named) -> Raw:
    """Return an entry of the ledger without its people.

    The mailbox it went to is kept elsewhere (`MongoSuppressions.keep`), so that this says nothing about anybody.
    """
    user, contact = named(_text(raw, "userId")), named(_text(raw, "contactId"))
    kept = _own(Invitation, raw, without={"messageId", "claim", "mailboxes"})
    if "reminders" in kept:
        reminders = kept["reminders"] if isinstance(kept["reminders"], list) else []
        kept["reminders"] = [{**reminder, "messageId": ""} for reminder in reminders if isinstance(reminder, dict)]
    if "doubts" in kept:
        doubts = kept["doubts"] if isinstance(kept["doubts"], list) else []
        kept["doubts"] = [
            {name: value for name, value in doubt.items() if name != "messageId"}
            for doubt in doubts
            if isinstance(doubt, dict)
        ]
    ids = {"_id": invitation_id(raw["period"], user, contact), "userId": user, "contactId": contact}
    return {**kept, **ids, ANONYMOUS: True}


def anonymous_plan(raw: Raw, named: Named) -> Raw:
    """Return a plan without its user."""
    user = named(_text(raw, "userId"))
    return {**_own(Plan, raw), "_id": plan_id(raw["period"], user), "userId": user, ANONYMOUS: True}


def anonymous_compensation(raw: Raw, named: Named) -> Raw:
    """Return a record of a change without whom it was about."""
    document = _text(raw, "documentId")
    period, *people = document.split(".")
    replaced = ".".join([period, *(named(address) for address in people)])
    own = _own(Compensation, raw)
    return {**own, "_id": str(raw["_id"]).replace(document, replaced), "documentId": replaced, ANONYMOUS: True}


ANONYMISERS: Mapping[str, Callable[[Raw, Named], Raw]] = {
    "invitations": anonymous_invitation,
    "plans": anonymous_plan,
    "compensations": anonymous_compensation,
}


def _own(model: type[Document], raw: Raw, without: set[str] | None = None) -> Raw:
    # What others have added to our documents may be about people: only our own fields stay.
    own = {field.alias or name for name, field in model.model_fields.items()} - (without or set())
    return {name: value for name, value in raw.items() if name in own}


def _text(raw: Raw, field: str) -> str:
    # An invalid document may lack it.
    value: Any = raw.get(field)
    return str(value if value is not None else raw["_id"])
