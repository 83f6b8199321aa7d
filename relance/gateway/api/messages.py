"""`POST /api/v1/events` and `POST /api/v1/preferences-changed`: signed, each id once, MongoDB first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from relance.gateway.api.authorisation import signed_message
from relance.gateway.api.models import PreferencesChanged
from relance.gateway.api.problems import Problem, pointers
from relance.gateway.api.reading import Read, events_of, json_of
from relance.gateway.headers import SAFE
from relance.gateway.needs import Needs
from relance.services.event_plan import Outcome
from relance.services.event_service import EventService, Message, MessageReused

_HEADERS = {**SAFE, "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Messages:
    """Takes in what the application says."""

    needs: Needs
    event_service: EventService
    keys: Sequence[bytes]

    async def events(self, request: Request) -> Response:
        """Answer each event of a message, once all of them are in the database."""
        identifier, body = await signed_message(request, self.keys, self.needs.clock)
        reads = events_of(body, self.needs.tokens, self.needs.clock.now())
        message = Message(
            id=_hash(identifier.encode()),
            digest=_digest(request, body),
            events=[read.event for read in reads if read.event is not None],
            answer=partial(_answer, reads),
        )
        return await self._taken(message)

    async def preferences_changed(self, request: Request) -> Response:
        """Have the plans follow changed preferences within a minute."""
        identifier, body = await signed_message(request, self.keys, self.needs.clock)
        try:
            changed = PreferencesChanged.model_validate(json_of(body))
        except ValidationError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "this is no list of users", errors=pointers(error)) from None
        found = await self.needs.users.by_ids(changed.user_ids)
        answers = [
            {"userId": user_id, "answer": "taken" if user_id in found else "unknown_user"}
            for user_id in changed.user_ids
        ]
        message = Message(
            id=_hash(identifier.encode()),
            digest=_digest(request, body),
            events=[],
            answer=lambda _: _as_answers(answers),
            replans=True,
        )
        return await self._taken(message)

    async def _taken(self, message: Message) -> Response:
        try:
            said = await self.event_service.take(message)
        except MessageReused as reused:
            raise Problem(HTTPStatus.CONFLICT, str(reused)) from None
        return Response(said, media_type="application/json", headers=_HEADERS)


def _answer(reads: Sequence[Read], outcomes: Sequence[Outcome]) -> str:
    left = iter(outcomes)
    return _as_answers([_answered(item, left) for item in reads])


def _as_answers(answers: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"answers": answers}, separators=(",", ":"))


def _answered(read: Read, outcomes: Any) -> dict[str, Any]:
    if read.errors:
        return {"answer": "invalid", "errors": read.errors}
    if read.event is None:
        return {"answer": Outcome.UNKNOWN.value}
    return {"answer": next(outcomes).value, "invitationId": read.event.invitation_id}


def _digest(request: Request, body: bytes) -> str:
    return _hash(request.scope["path"].encode() + b"\n" + body)


def _hash(text: bytes) -> str:
    return sha256(text).hexdigest()[:40]
