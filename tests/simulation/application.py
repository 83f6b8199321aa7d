"""The web application: it owns users and contacts and changes them whenever it likes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.simulation.memory.values import Raw
from tests.simulation.world import World

ZONES = ("Europe/Paris", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "nowhere", None)
TIMES = ("18:00", "08:30", "02:30", "23:59", "00:00", "25:00", None)


class Application:
    """Writes the collections directly; `touched` tells when somebody was first changed or created in mid-run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._users = 0
        self._contacts = 0
        self.touched: dict[str, datetime] = {}
        self.created: dict[str, datetime] = {}

    def found(self, collection: str, one: str) -> Raw | None:
        """Return a document as it is now."""
        return next(iter(self._world.store.table(collection).near({"_id": one})), None)

    def ids(self, collection: str) -> list[str]:
        """Return the ids of a collection, in order of creation."""
        return [raw["_id"] for raw in self._world.store.table(collection).near({})]

    def change(self, collection: str, one: str, fields: Raw) -> None:
        """Change a document."""
        before = self.found(collection, one)
        if before is not None:
            self.touch(one)
            self._world.trace.event("app", f"{collection} {one} {sorted(fields)}")
            self._world.store.table(collection).put({**before, **fields})

    def delete_contact(self, one: str) -> None:
        """Delete a contact."""
        if self.found("contacts", one) is not None:
            self.touch(one)
            self._world.trace.event("app", f"contacts {one} deleted")
            self._world.store.table("contacts").delete(one)

    def touch(self, one: str) -> None:
        """Remember that from now on somebody is not as he was."""
        self.touched.setdefault(one, self._world.now())

    def add_user(self, contacts: int) -> str:
        """Add a user with contacts."""
        dice = self._world.dice
        self._users += 1
        user = f"u{self._users:03}"
        settings: Raw = {"enabled": dice.random() < 0.9, "first": dice.random() < 0.9, "second": dice.random() < 0.9}
        document: Raw = {"_id": user, "name": user, "email": f"{user}@u.example", "status": "active"}
        if dice.random() < 0.5:
            document["reminderSettings"] = settings
        document |= {key: value for key, value in self.preferences().items() if dice.random() < 0.4}
        self._insert("users", document)
        for _ in range(contacts):
            self.add_contact(user)
        return user

    def preferences(self) -> Raw:
        """Return preferences as users have them, right and wrong."""
        dice = self._world.dice
        return {
            "sendDay": dice.choice((1, 5, 12, 28, 31, 0, None)),
            "sendTime": dice.choice(TIMES),
            "timezone": dice.choice(ZONES),
        }

    def add_contact(self, user: str) -> str:
        """Add a contact; some share an address, some cannot be written to."""
        dice = self._world.dice
        self._contacts += 1
        contact = f"c{self._contacts:04}"
        status = "active" if dice.random() < 0.85 else dice.choice(("pending", "opted_out", "bounced", "blocked"))
        self._insert(
            "contacts",
            {"_id": contact, "userId": user, "email": self.address(contact), "name": contact, "status": status},
        )
        return contact

    def address(self, contact: str) -> str:
        """Return an address for a contact."""
        dice = self._world.dice
        if dice.random() < 0.03:
            return "not an address"
        shared = dice.random() < 0.1
        # Most of them are one mailbox, which more users know than may invite it.
        return f"shared{dice.randrange(3) // 2}@c.example" if shared else f"{contact}@c.example"

    def _insert(self, collection: str, document: dict[str, Any]) -> None:
        self.created[document["_id"]] = self._world.now()
        self._world.trace.event("app", f"{collection} {document['_id']} created")
        self._world.store.table(collection).insert(document)
