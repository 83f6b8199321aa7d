"""The OpenAPI 3.1 document of the API, made from the models that read and answer."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from relance import __version__
from relance.adapters.webhook_signatures import ID, LONGEST_ID, SIGNATURE, TIMESTAMP
from relance.contracts.event_api import EVENTS, INVITATION, PREFERENCES, TOKEN
from relance.gateway.api import examples
from relance.gateway.api.models import (
    AnsweredEvents,
    AnsweredPreferences,
    Events,
    InvitationState,
    PreferencesChanged,
    ProblemDetails,
    ReportedEvent,
    TokenState,
)

PATH = "/api/v1/openapi.json"
_IN = [ReportedEvent, Events, PreferencesChanged]
_OUT = [AnsweredEvents, AnsweredPreferences, TokenState, InvitationState, ProblemDetails]
_WRONG = {
    "400": "The body is no JSON.",
    "401": "The signature or the key is missing or wrong.",
    "404": "There is nothing of that name; wrong tokens and unknown ones look the same.",
    "408": "The body did not come in time.",
    "409": "A message with this id was received before, and said something else.",
    "413": "The body is too large.",
    "415": "The body is not application/json, or it is compressed.",
    "422": "The body is JSON of another shape; `errors` says where.",
    "429": "Too many requests; `Retry-After` says when to come again.",
    "503": "Not just now; nothing is lost if it is said again, under the same id.",
}
_TOO_LONG = {"414": "The address is too long.", "431": "The headers are too large."}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until it is worth trying again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    }
}
_ABOUT = """Messages are signed as Standard Webhooks (standardwebhooks.com), in the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`. The same id with the same body gets the same answer, however often it is
sent, so whoever has no answer sends it again. What is acknowledged is in the database. Questions bring a key:
`Authorization: Bearer KEY`."""


@cache
def document() -> str:
    """Return the document as JSON."""
    return json.dumps(described(), indent=1)


def described() -> dict[str, Any]:
    """Return the document."""
    models: list[Any] = [*((field, "validation") for field in _IN), *((field, "serialization") for field in _OUT)]
    _, schemas = models_json_schema(models, by_alias=True, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Relance event API", "version": __version__, "description": _ABOUT},
        "paths": {
            EVENTS: {
                "post": _message("Say what happened to invitations", "events", [ReportedEvent, Events], AnsweredEvents)
            },
            PREFERENCES: {
                "post": _message(
                    "Say whose preferences changed", "preferencesChanged", [PreferencesChanged], AnsweredPreferences
                )
            },
            TOKEN: {"get": _question("What a form's link stands for", "token", "token", TokenState)},
            INVITATION: {
                "get": _question("Where an invitation stands, and why", "invitation", "invitation_id", InvitationState)
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": SIGNATURE, "description": _ABOUT},
                "key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _message(summary: str, operation: str, said: list[Any], answered: Any) -> dict[str, Any]:
    options = [_ref(name) for name in said]
    schema = options[0] if len(options) == 1 else {"anyOf": options}
    return {
        "summary": summary,
        "operationId": operation,
        "security": [{"signature": []}],
        "parameters": [
            _header(
                ID, "Names the message, whatever happens to it on its way.", {"type": "string", "maxLength": LONGEST_ID}
            ),
            _header(TIMESTAMP, "Seconds since 1970, of this try.", {"type": "string", "pattern": "^[0-9]{1,12}$"}),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "examples": examples.REQUESTS[operation]}},
        },
        "responses": {
            "200": _json("An answer to each.", answered, examples.ANSWERS[operation]),
            **_refused_at_once("414", "431"),
            **_problems("400", "401", "408", "409", "413", "415", "422", "429", "503"),
        },
    }


def _question(summary: str, operation: str, name: str, answered: Any) -> dict[str, Any]:
    return {
        "summary": summary,
        "operationId": operation,
        "security": [{"key": []}],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "example": examples.NAMES[operation],
            }
        ],
        "responses": {
            "200": _json("It is known.", answered, examples.ANSWERS[operation]),
            **_refused_at_once("414", "431"),
            **_problems("400", "401", "404", "429", "503"),
        },
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


def _json(description: str, model: Any, example: Any) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": _ref(model), "example": example}},
    }


def _problems(*statuses: str) -> dict[str, Any]:
    content: dict[str, Any] = {"application/problem+json": {"schema": _ref(ProblemDetails)}}
    # Too many requests at once are refused before anybody looks at them.
    busy = {**content, "text/plain": {"schema": {"type": "string"}}}
    return {
        status: {
            "description": _WRONG[status],
            "content": busy if status in {"400", "503"} else content,
            **({"headers": _RETRY_AFTER} if status in {"429", "503"} else {}),
        }
        for status in statuses
    }


def _refused_at_once(*statuses: str) -> dict[str, Any]:
    """Return what is answered before anybody looks at what was asked."""
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {status: {"description": _TOO_LONG[status], "content": content} for status in statuses}


def _ref(model: Any) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
