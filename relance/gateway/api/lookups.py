"""`GET /api/v1/tokens/{token}` and `GET /api/v1/invitations/{id}`: what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from relance import ids
from relance.adapters.tokens import Purpose
from relance.domain.invitations.invitation import Invitation, InvitationStatus, may_become
from relance.errors import InvalidInput, NotFound
from relance.gateway.api.authorisation import check_key
from relance.gateway.api.models import LONGEST_TOKEN, InvitationState, SentReminder, TokenState
from relance.gateway.api.problems import Problem
from relance.gateway.headers import SAFE
from relance.gateway.needs import Needs
from relance.services.events import EntryUnreadable

_UNKNOWN_TOKEN = "there is no invitation of this token"  # noqa: S105 - words
_UNKNOWN = "there is no such invitation"


@dataclass(frozen=True, slots=True)
class Lookups:
    """Answers what the application asks, if it brings a key."""

    needs: Needs
    keys: Sequence[bytes]

    async def token(self, request: Request) -> Response:
        """Say what a form's link stands for; wrong tokens and those of deleted invitations look the same."""
        check_key(request, self.keys)
        token = request.path_params["token"]
        entry: Invitation | None = None
        if len(token) <= LONGEST_TOKEN:
            try:
                entry = await self._entry(self.needs.tokens.verify(Purpose.SUBMIT, token))
            except InvalidInput:
                entry = None
        if entry is None:
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN_TOKEN)
        return _said(
            TokenState(
                invitation_id=entry.id,
                period=entry.period,
                user_id=entry.user_id,
                contact_id=entry.contact_id,
                status=entry.status,
                may_answer=may_become(entry.status, InvitationStatus.SUBMITTED),
            )
        )

    async def invitation(self, request: Request) -> Response:
        """Say where an invitation stands, and why."""
        check_key(request, self.keys)
        try:
            key = ids.parse_invitation_id(request.path_params["invitation_id"])
            await self._entry(ids.invitation_id(*key))
            found = await self.needs.explaining.invitation(key)
        except (InvalidInput, NotFound):
            raise Problem(HTTPStatus.NOT_FOUND, _UNKNOWN) from None
        entry = found.invitation
        state = InvitationState(
            invitation_id=ids.invitation_id(*key),
            period=key.period,
            user_id=key.user_id,
            contact_id=key.contact_id,
            why=found.sentences,
        )
        return _said(state.model_copy(update=_facts(entry)) if entry is not None else state)

    async def _entry(self, invitation_id: str) -> Invitation | None:
        found = await self.needs.ledger.by_ids([invitation_id])
        entry = found.get(invitation_id)
        if entry is None and invitation_id in found:
            # Not 404: it will be known once it is mended.
            raise EntryUnreadable
        return entry


def _facts(entry: Invitation) -> dict[str, object]:
    return {
        "status": entry.status.value,
        "reason": entry.reason,
        "sent_at": entry.sent_at,
        "opened_at": entry.opened_at,
        "submitted_at": entry.submitted_at,
        "ended_at": entry.ended_at,
        "reminders": [SentReminder(type=reminder.type, sent_at=reminder.sent_at) for reminder in entry.reminders],
    }


def _said(model: BaseModel) -> Response:
    body = model.model_dump_json(by_alias=True, exclude_none=True)
    return Response(body, media_type="application/json", headers={**SAFE, "Cache-Control": "no-store"})
