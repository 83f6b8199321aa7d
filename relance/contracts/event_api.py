"""Where the event API is, for both sides of it."""

from __future__ import annotations

EVENTS = "/api/v1/events"
PREFERENCES = "/api/v1/preferences-changed"
TOKEN = "/api/v1/tokens/{token}"  # noqa: S105 - a path
INVITATION = "/api/v1/invitations/{invitation_id}"
