"""The OpenAPI document says what the API does: its examples fit, whatever is sent is answered as it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.adapters.webhook_signatures import signed_headers
from relance.contracts import event_api as paths
from relance.gateway.api import examples, models, openapi
from relance.settings.signing_secrets import signing_keys
from tests.support.event_api import KEY, SETTINGS, Place, invited, serving_api
from tests.support.keys import PRIVACY

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 80
[SIGNING_KEY, _] = signing_keys(SETTINGS.signing_secrets)


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        await invited(db, ["c1"])
        yield there


def _generated(base_url: str, operation: Any, *, known: bool) -> None:
    """Send what the document lets expect, and what it does not, signed or as it comes; every answer is as written."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        asked = requests.Request(**case.as_transport_kwargs(base_url=base_url)).prepare()
        if known:
            _authorise(asked)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.send(asked, timeout=60)
        case.validate_response(answer, checks=CHECKS)

    check()


def _authorise(asked: requests.PreparedRequest) -> None:
    body: Any = asked.body or b""
    raw: bytes = body.encode() if isinstance(body, str) else body
    asked.headers["Authorization"] = f"Bearer {KEY}"
    asked.headers.update(signed_headers(SIGNING_KEY, f"m-{uuid4().hex}", datetime.now(UTC), raw))


# Hypothesis looks at the state of `random`, which other threads of this process may use meanwhile.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", ["events", "preferencesChanged", "token", "invitation"])
async def test_whatever_is_sent_is_answered_as_the_document_says(place: Place, name: str, known: bool) -> None:
    schema = schemathesis.openapi.from_dict(openapi.described())
    operation = schema.find_operation_by_id(name)
    base_url = f"http://127.0.0.1:{place.needs.settings.port}"
    await asyncio.to_thread(_generated, base_url, operation, known=known)


async def test_the_document_is_served_to_everybody(place: Place) -> None:
    answer = await place.http.get(openapi.PATH)
    assert (answer.status_code, answer.json()) == (200, openapi.described())


def test_whoever_is_to_come_again_is_told_when() -> None:
    answers = [
        answer
        for methods in openapi.described()["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status in {"429", "503"}
    ]
    assert len(answers) == 8
    assert all(answer["headers"]["Retry-After"]["required"] for answer in answers)


def test_the_document_is_openapi() -> None:
    schemathesis.openapi.from_dict(openapi.described()).validate()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("events", models.AnsweredEvents),
        ("preferencesChanged", models.AnsweredPreferences),
        ("token", models.TokenState),
        ("invitation", models.InvitationState),
    ],
)
def test_the_examples_of_answers_fit(name: str, model: type[BaseModel]) -> None:
    model.model_validate(examples.ANSWERS[name])


async def test_the_examples_of_requests_are_taken(place: Place) -> None:
    [id_] = await invited(place.db, ["c00240"])
    token = LinkTokens(PRIVACY.link_keys).sign(Purpose.SUBMIT, id_)
    for path, operation in ((paths.EVENTS, "events"), (paths.PREFERENCES, "preferencesChanged")):
        for one in examples.REQUESTS[operation].values():
            said = json.dumps(one["value"]).replace(examples.INVITATION, id_).replace(examples.TOKEN, token)
            answer = await place.api.post(path, said.encode())
            assert answer.status_code == 200
            if operation == "events":
                assert {found["answer"] for found in answer.json()["answers"]} <= {"taken", "known"}
