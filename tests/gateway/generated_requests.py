"""Requests that the OpenAPI document lets expect, and others; imports Schemathesis, which takes a second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relance.adapters.webhook_signatures import signed_headers
from relance.gateway.api import openapi
from relance.settings.signing_secrets import signing_keys
from tests.support.event_api import KEY, SETTINGS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 80
[SIGNING_KEY, _] = signing_keys(SETTINGS.signing_secrets)


def described() -> Any:
    """The document, read as Schemathesis reads it."""
    return schemathesis.openapi.from_dict(openapi.described())


def send_generated(base_url: str, operation: str, *, known: bool) -> None:
    """Send what the document lets expect, and what it does not, signed or as it comes; every answer is as written."""

    @given(case=described().find_operation_by_id(operation).as_strategy())
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
