"""Examples of the OpenAPI document; a test holds them against the models."""

from __future__ import annotations

from typing import Any

INVITATION = "2026-11.u00012.c00240"
TOKEN = "v2.q1nTt2mC9hXo3cVb7LkP0sWzYdEfGhJr8uIaNxQyMvA4"  # noqa: S105 - of nobody

REQUESTS: dict[str, dict[str, Any]] = {
    "events": {
        "one": {"summary": "One event", "value": {"event": "submitted", "invitationId": INVITATION}},
        "several": {
            "summary": "Several at once",
            "value": {
                "events": [
                    {"event": "opened", "token": TOKEN, "occurredAt": "2026-11-06T09:30:00Z"},
                    {"event": "opted_out", "invitationId": INVITATION},
                ]
            },
        },
    },
    "preferencesChanged": {"users": {"summary": "Two users", "value": {"userIds": ["u00012", "u00013"]}}},
}

NAMES = {"token": TOKEN, "invitation": INVITATION}

ANSWERS: dict[str, Any] = {
    "events": {
        "answers": [
            {"answer": "taken", "invitationId": INVITATION},
            {"answer": "unknown_invitation"},
            {"answer": "invalid", "errors": [{"pointer": "/events/2/event", "detail": "Input should be 'opened'"}]},
        ]
    },
    "preferencesChanged": {
        "answers": [{"userId": "u00012", "answer": "taken"}, {"userId": "u00013", "answer": "unknown_user"}]
    },
    "token": {
        "invitationId": INVITATION,
        "period": "2026-11",
        "userId": "u00012",
        "contactId": "c00240",
        "status": "sent",
        "mayAnswer": True,
    },
    "invitation": {
        "invitationId": INVITATION,
        "period": "2026-11",
        "userId": "u00012",
        "contactId": "c00240",
        "status": "sent",
        "sentAt": "2026-11-05T17:00:03Z",
        "reminders": [{"type": "first", "sentAt": "2026-11-08T17:00:02Z"}],
        "why": ["The invitation was sent on Thursday 5 November 2026 at 18:00."],
    },
}
