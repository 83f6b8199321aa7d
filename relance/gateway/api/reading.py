"""Reads the events in the body of a message: each is validated by itself, and an invalid one stops no other."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts.follow_up import InvitationEvent
from relance.domain.invitations.events import EventKind
from relance.errors import InvalidInput
from relance.gateway.api.models import MOST_EVENTS, EventEnvelope, ReportedEvent
from relance.gateway.api.problems import Problem, pointers
from relance.gateway.limits.bodies import json_parts

OLDEST = timedelta(days=400)
AHEAD = timedelta(minutes=5)
MOST_PARTS = 10 * MOST_EVENTS
"""A thousand events have half as many."""


@dataclass(frozen=True, slots=True)
class Read:
    """One event as it was read: what happened to which invitation, or what is wrong with it.

    It has neither if its token was made by nobody, or may not say this.
    """

    event: InvitationEvent | None = None
    errors: Sequence[dict[str, str]] = ()


def json_of(body: bytes) -> Any:
    """Return what a body says.

    Raises:
        Problem: it is no JSON, or has more parts than any message.
    """
    if json_parts(body) > MOST_PARTS:
        # Each is an object or an error of its own: half a megabyte of them would hold the loop for a third of a second.
        words = (
            f"the body has more than {MOST_PARTS:,} fields and values; a message holds {MOST_EVENTS:,} events at most"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, words)
    try:
        # Some libraries begin with the mark of UTF-8, which may be ignored (RFC 8259 8.1).
        return from_json(body.removeprefix(BOM_UTF8), allow_inf_nan=False)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None


def events_of(body: bytes, tokens: LinkTokens, now: datetime) -> list[Read]:
    """Return the events of a body, which holds one or a list of them.

    Raises:
        Problem: it is no JSON, or neither an event nor a list of 1 to 1,000.
    """
    said = json_of(body)
    if isinstance(said, dict) and "events" not in said:
        read = _read(said, "", tokens, now)
        if read.errors:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "this is neither an event nor a list of events", errors=read.errors
            )
        return [read]
    try:
        envelope = EventEnvelope.model_validate(said)
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "this is no list of events", errors=pointers(error)) from None
    return [_read(event, f"/events/{number}", tokens, now) for number, event in enumerate(envelope.events)]


def _read(said: Any, pointer: str, tokens: LinkTokens, now: datetime) -> Read:
    try:
        event = ReportedEvent.model_validate(said)
    except ValidationError as error:
        return Read(errors=pointers(error, pointer))
    at = now
    if event.occurred_at is not None:
        if not now - OLDEST <= event.occurred_at <= now + AHEAD:
            where = f"{pointer}/occurredAt"
            return Read(errors=[{"pointer": where, "detail": "Value lies more than 400 days back, or in the future"}])
        at = min(event.occurred_at, now)
    invitation = event.invitation_id or _named(event, tokens)
    return Read(InvitationEvent(invitation_id=invitation, kind=event.event, at=at) if invitation else None)


def _named(event: ReportedEvent, tokens: LinkTokens) -> str | None:
    """Return what a token names: that of a form may say anything, that of an unsubscribe link only opts out."""
    purposes = [Purpose.SUBMIT, *([Purpose.UNSUBSCRIBE] if event.event is EventKind.OPTED_OUT else [])]
    for purpose in purposes:
        try:
            return tokens.verify(purpose, event.token or "")
        except InvalidInput:
            continue
    return None
