"""The OpenAPI document says what the API does: its examples fit, whatever is sent is answered as it says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from relance.adapters.mongo.connection import Database
from relance.adapters.tokens import LinkTokens, Purpose
from relance.contracts import event_api as paths
from relance.gateway.api import examples, models, openapi
from tests.support.event_api import Place, invited, serving_api
from tests.support.keys import PRIVACY


@pytest.fixture
async def place(db: Database) -> AsyncIterator[Place]:
    async with serving_api(db) as there:
        await invited(db, ["c1"])
        yield there


# Hypothesis looks at the state of `random`, which other threads of this process may use meanwhile.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", ["events", "preferencesChanged", "token", "invitation"])
async def test_whatever_is_sent_is_answered_as_the_document_says(place: Place, name: str, known: bool) -> None:
    from tests.gateway.generated_requests import send_generated

    base_url = f"http://127.0.0.1:{place.needs.settings.port}"
    await asyncio.to_thread(send_generated, base_url, name, known=known)


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
    from tests.gateway.generated_requests import described

    described().validate()


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
            # The day of the example may lie ahead of a clock that is shifted (`tests.another_time`).
            said = re.sub(r'("occurredAt": )"[^"]+"', rf'\1"{datetime.now(UTC).isoformat()}"', said)
            answer = await place.api.post(path, said.encode())
            assert answer.status_code == 200
            if operation == "events":
                assert {found["answer"] for found in answer.json()["answers"]} <= {"taken", "known"}
