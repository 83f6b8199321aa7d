"""What is said over the API, camelCase as in the application's own documents; also the schemas of OpenAPI."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from relance.domain.base import Id
from relance.domain.invitations.events import EventKind

MOST_EVENTS = 1_000
MOST_USERS = 1_000
LONGEST_TOKEN = 1_000

InvitationId = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$")
]
Token = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TOKEN)]


class Said(BaseModel):
    """The shape of whatever comes in: nothing beside what is known, so that a misspelt field is not overlooked."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Answered(BaseModel):
    """The shape of whatever goes out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ReportedEvent(Said):
    """Something that happened to an invitation, which is named by its id or by the token of a link in its mail."""

    event: EventKind = Field(description="What happened.")
    invitation_id: InvitationId | None = Field(None, description="PERIOD.USER.CONTACT; this or `token`.")
    token: Token | None = Field(None, description="The token of the form's link; this or `invitationId`.")
    occurred_at: AwareDatetime | None = Field(
        None, description="When it happened, if not now: up to 400 days ago, with a time zone."
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.invitation_id is None) == (self.token is None):
            raise ValueError("exactly one of invitationId and token is needed")
        return self


class Events(Said):
    """Up to a thousand events; each is judged for itself."""

    events: list[ReportedEvent] = Field(min_length=1, max_length=MOST_EVENTS)


class EventEnvelope(Said):
    """The same before its events are looked at."""

    events: list[Any] = Field(min_length=1, max_length=MOST_EVENTS)


class EventAnswer(StrEnum):
    """What became of an event."""

    TAKEN = "taken"
    KNOWN = "known"
    UNKNOWN = "unknown_invitation"
    INVALID = "invalid"


class AnsweredEvent(Answered):
    """What became of one event: taken; known before, or without effect; of no invitation; or invalid, and where."""

    answer: EventAnswer
    invitation_id: str | None = Field(None, description="As far as it could be read off the event.")
    errors: list[FieldError] | None = Field(None, description="Of an invalid event: what is wrong with it.")


class FieldError(Answered):
    """What is wrong with one field."""

    pointer: str = Field(description="Where, as a JSON pointer into the body.")
    detail: str


class AnsweredEvents(Answered):
    """One answer per event, in the order of the events."""

    answers: list[AnsweredEvent]


class PreferencesChanged(Said):
    """Whose preferences, address book or account have changed."""

    user_ids: list[Id] = Field(min_length=1, max_length=MOST_USERS)


class UserAnswer(StrEnum):
    """What became of a user's change."""

    TAKEN = "taken"
    UNKNOWN = "unknown_user"


class AnsweredUser(Answered):
    """What became of one user's change."""

    user_id: str
    answer: UserAnswer


class AnsweredPreferences(Answered):
    """One answer per user; plans follow within a minute."""

    answers: list[AnsweredUser]


class TokenState(Answered):
    """What a form's link stands for, and whether an answer to it still counts."""

    invitation_id: str
    period: str
    user_id: str
    contact_id: str
    status: str
    may_answer: bool


class SentReminder(Answered):
    """A reminder that was sent."""

    type: str
    sent_at: datetime


class InvitationState(Answered):
    """Where an invitation stands, and sentences that say why; `status` is missing before there is an entry of it."""

    invitation_id: str
    period: str
    user_id: str
    contact_id: str
    status: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    reminders: list[SentReminder] = []
    why: list[str]


class ProblemDetails(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None
