"""From an HTTP request to the API's answer: key, limits and faults in the order in which they strike."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from relance.devstack.everflow import fault_effects
from relance.devstack.everflow.api import Api, NotThere
from relance.devstack.everflow.faults import ErrorBody, Fault, Slow, StatusFault, TruncatedJson
from relance.devstack.everflow.gate import AFFILIATE_KEY, NETWORK_KEY, Call
from relance.devstack.everflow.network import Network
from relance.devstack.everflow.questions import BadRequest

PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Front:
    """Answers every path below `/v1/`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._api = Api(network)

    async def __call__(self, request: Request) -> Response:
        """Answer one call and log it."""
        gate = self._network.gate
        content = await request.body()
        faults = self._network.faults.pick(request.url.path)
        remaining = gate.admit()
        reporting = request.url.path.startswith("/v1/networks/reporting/")
        with gate.report() if reporting else nullcontext(enter_result=True) as room:
            for fault in faults:
                if isinstance(fault, Slow):
                    await _wait(request, fault.seconds)
            if remaining is None or not room:
                answer = _error(429, "Too many requests", "error")
                if gate.limits.retry_after:
                    answer.headers["Retry-After"] = str(gate.seconds_left())
            else:
                # Large tables take some time; other calls go on meanwhile.
                answer = await asyncio.to_thread(self._answer, request, content, faults)
        answer.headers["X-RateLimit-Limit"] = str(gate.limits.calls)
        answer.headers["X-RateLimit-Remaining"] = str(remaining or 0)
        gate.answered += 1
        gate.calls.append(
            Call(
                n=gate.answered,
                time=datetime.now(UTC),
                method=request.method,
                path=request.url.path,
                status=answer.status_code,
                asked=_asked(content),
                faults=tuple(fault.kind for fault in faults),
            )
        )
        return answer

    def _answer(self, request: Request, content: bytes, faults: list[Fault]) -> Response:
        locked = _locked(request.headers.get("x-eflow-api-key"))
        if locked is not None:
            return locked
        for fault in faults:
            if isinstance(fault, StatusFault):
                return _refusal(fault)
            if isinstance(fault, ErrorBody):
                return _error(200, fault.error, fault.spelling)
        try:
            body = json.loads(content) if content else None
            data = self._api.answer(request.method, request.url.path, (body, _numbers(request), faults))
        except (BadRequest, ValueError) as error:
            return _error(400, str(error) if isinstance(error, BadRequest) else "Internal error")
        except NotThere:
            return _error(404, "Not Found")
        return _written(data, faults)


async def _wait(request: Request, seconds: float) -> None:
    """Wait, but not for somebody who has gone: his place among the calls at once would stay taken."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not await request.is_disconnected():  # noqa: ASYNC110
        await asyncio.sleep(min(left, 0.05))


def _locked(key: str | None) -> Response | None:
    if key == AFFILIATE_KEY:
        return _error(403, "Out of realm")
    return None if key == NETWORK_KEY else _error(401, "No Authentication Method Found")


def _written(data: Any, faults: Sequence[Fault]) -> Response:
    if fault_effects.is_quirky(faults):
        data = fault_effects.quirky(data)
    text = json.dumps(data, ensure_ascii=False)
    if fault_effects.is_quirky(faults):
        text = text.replace(" ", "\t")
    content = text.encode()
    if any(isinstance(fault, TruncatedJson) for fault in faults):
        content = content[: len(content) * 2 // 3]
    return Response(content, media_type="application/json")


def _refusal(fault: StatusFault) -> Response:
    answer = HTMLResponse(PROXY_PAGE, fault.code) if fault.html else _error(fault.code, fault.error, fault.spelling)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = fault.retry_after
    return answer


def _error(status: int, text: str, spelling: str = "Error") -> Response:
    return Response(json.dumps({spelling: text}), status, media_type="application/json")


def _numbers(request: Request) -> Any:
    query = parse_qs(request.url.query)

    def number(name: str, default: int) -> int:
        text = query.get(name, [""])[0]
        return int(text) if text.isdecimal() else default

    return number


def _asked(content: bytes) -> str:
    try:
        body = json.loads(content)
        columns = ",".join(str(column["column"]) for column in body["columns"])
        return f"{body['from']}..{body['to']} {columns} zone {body['timezone_id']} {body['currency_id']}"
    except (ValueError, KeyError, TypeError):
        return ""
