"""The register of stores is complete, and says what the code does."""

from __future__ import annotations

import re

from relance.adapters.mongo.archive import SWEPT
from relance.adapters.mongo.connection import Database
from relance.adapters.mongo.indexes import EXPIRING, WANTED
from relance.adapters.mongo.mail_intake import KEPT_MESSAGES, RECORDS
from relance.adapters.mongo.mailbox_slots import SLOTS
from relance.adapters.mongo.suppressions import KEPT
from relance.domain.privacy.stores import BY_NAME, STORES, Effect
from relance.ports.privacy import PersonData
from relance.settings import Settings
from tests.architecture.sources import ROOT

ELSEWHERE = {"follow-ups"}
WITH_THEIR_PERIOD = {"mailboxSlots", "mailboxes", "planSearches", "anonymisations"}
"""What goes when its period is made anonymous, deleted, or two others have come (`test_archive`, `test_coverage`)."""
ENDLESS = {"the application decides", "without end"}
_NAMED = re.compile(r"\b_?(?:database|raw)\.([a-z][A-Za-z]+)\b(?!\()")
_NO_COLLECTION = {"command", "get", "pop", "client"}


def collections() -> set[str]:
    """Return every collection that the adapters name."""
    found = {*WANTED, RECORDS, KEPT_MESSAGES, SLOTS, KEPT}
    for path in (ROOT / "relance" / "adapters" / "mongo").glob("*.py"):
        found |= set(_NAMED.findall(path.read_text()))
    return found - _NO_COLLECTION


def test_every_collection_of_the_code_is_in_the_register() -> None:
    assert collections() == BY_NAME.keys() - ELSEWHERE
    assert len(BY_NAME) == len(STORES)


def test_every_retention_that_is_named_is_a_setting() -> None:
    for store in STORES:
        for group, name in re.findall(r"RELANCE_([A-Z]+)__([A-Z_]+)", store.kept):
            assert hasattr(getattr(Settings(), group.lower()), name.lower()), store.name


def test_what_expires_by_itself_is_said_to() -> None:
    for name, (_, seconds) in EXPIRING.items():
        if seconds:
            said = re.match(r"(\d+) (days|seconds)", BY_NAME[name].kept)
            assert said is not None, name
            assert int(said[1]) * (86_400 if said[2] == "days" else 1) == seconds, name


def test_what_is_kept_for_a_time_is_taken_away_by_something() -> None:
    endless = {store.name for store in STORES if store.kept in ENDLESS}
    taken_away = {*EXPIRING, *SWEPT.values(), *WITH_THEIR_PERIOD, *ELSEWHERE}
    assert endless | taken_away == BY_NAME.keys()
    assert not endless & taken_away


async def test_every_store_that_may_name_somebody_is_looked_through(db: Database) -> None:
    data: PersonData = db.person_data
    looked_at = set(await data.survey((await data.of_user("nobody")).person))
    named = {store.name for store in STORES if store.effect not in {Effect.NOBODY, Effect.RECORD}}
    assert named - looked_at == ELSEWHERE
