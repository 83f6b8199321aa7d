"""`person export`: everything that is kept about a person, with its store; nobody else is named in it."""

from __future__ import annotations

from rich.console import Group

from relance.cli.base.command import Run
from relance.cli.base.output import Answer, table
from relance.cli.person.target import AddressOption, ContactOption, UserOption, find_person, forgetting_of
from relance.domain.privacy.stores import BY_NAME
from relance.errors import NotFound
from relance.services.privacy import FOLLOW_UPS


async def export(
    run: Run, *, contact: ContactOption = None, user: UserOption = None, address: AddressOption = None
) -> Answer:
    """Show everything that is kept about a person, store by store; with --json the documents themselves.

    Ids of other people are masked (`other-1`). A user's address book is the application's, and about others.
    """
    async with run.database() as database:
        found = await find_person(database, contact, user, address)
        documents = await database.person_data.documents(found.person)
        records = await database.erasures.about(found.subject)
        forgetting = await forgetting_of(run, database)
        running = (await forgetting.survey(found.person))[FOLLOW_UPS]
    if not any(documents.values()) and not records:
        raise NotFound(f"--{found.person.scope.value}: nothing is kept about this person; check what you wrote")
    shown = [record.model_dump(mode="json", by_alias=True, exclude={"work"}) for record in records]
    stores = {**documents, "erasures": shown}
    rows = [(name, len(raws), BY_NAME[name].holds, BY_NAME[name].purpose) for name, raws in stores.items() if raws]
    rows += [(FOLLOW_UPS, running, BY_NAME[FOLLOW_UPS].holds, BY_NAME[FOLLOW_UPS].purpose)] if running else []
    view = table("What is kept", ("store", "number", "what", "what for"), rows)
    data = {
        "scope": found.person.scope.value,
        "stores": [
            {"store": name, "holds": BY_NAME[name].holds, "purpose": BY_NAME[name].purpose, "documents": list(raws)}
            for name, raws in stores.items()
            if raws
        ],
        FOLLOW_UPS.replace("-", "_"): running,
    }
    return Answer(data, Group(view, "The documents themselves: --json."))
