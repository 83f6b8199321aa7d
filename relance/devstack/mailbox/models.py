"""What the mailbox answers over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from relance.domain.base import Utc


class Accepted(BaseModel):
    """One accepted mail, as a line of the log. `n` counts up from 1 and is never used again."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")

    n: int
    time: Utc
    connection: int
    message_id: str
    sender: str = Field(alias="from")
    to: tuple[str, ...]


class Summary(Accepted):
    """A mail in a listing; `size` in bytes."""

    subject: str
    size: int


class CaughtMail(Summary):
    """A mail with its parsed content; `headers` in their order, decoded."""

    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Repeated(BaseModel):
    """A recipient who has the same Message-ID more than once."""

    to: str
    message_id: str
    count: int


class MailboxStats(BaseModel):
    """Counts since the mailbox was last cleared; the connections since it started.

    `deliveries` counts each recipient of each mail, `duplicates` those beyond the first of their Message-ID. `repeated`
    lists at most 1,000 of them.
    """

    total: int
    deliveries: int
    duplicates: int
    repeated: tuple[Repeated, ...]
    connections: int
    open_connections: int
    max_simultaneous: int
