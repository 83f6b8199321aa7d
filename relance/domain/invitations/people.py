"""Users and contacts as the web application stores them (SPEC section 2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from relance.domain.base import Document, Id, Text, Utc


class ContactStatus(StrEnum):
    """Whether a contact may be written to; only `active` may."""

    ACTIVE = "active"
    PENDING = "pending"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    BLOCKED = "blocked"


class ReminderSettings(Document):
    """Which reminders a user wants sent to his contacts."""

    enabled: bool = True
    first: bool = True
    second: bool = True


class User(Document):
    """One account of the application; read only for us.

    `send_day`, `send_time` and `timezone` are kept as they were found, valid or not: the pure function of SPEC C3
    decides what to do with a wrong one, so that it costs a note and not the user's mails.
    """

    id: Id = Field(alias="_id")
    email: Text = ""
    name: Text = ""
    locale: Text = "fr"
    status: Text = "active"
    send_day: Any = None
    send_time: Any = None
    timezone: Any = None
    reminder_settings: ReminderSettings = ReminderSettings()

    @property
    def is_active(self) -> bool:
        """Whether this account takes part in cycles at all."""
        return self.status == "active"


class Contact(Document):
    """One person a user asked us to write to; we write only the three status fields."""

    id: Id = Field(alias="_id")
    user_id: Id
    email: Text = ""
    name: Text = ""
    locale: Text | None = None
    status: ContactStatus
    status_reason: str | None = None
    status_at: Utc | None = None
    tracking_consent: bool = False
