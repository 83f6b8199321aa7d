"""A client of our own event API, as the web application would have one: for the demo, benchmarks and tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from relance.adapters.clock import SystemClock
from relance.adapters.webhook_signatures import signed_headers
from relance.contracts.event_api import EVENTS, INVITATION, PREFERENCES, TOKEN
from relance.errors import DependencyUnavailable, InvalidInput
from relance.ports import Clock
from relance.settings.gateway import API_KEYS, SIGNING_SECRETS, Gateway

NAME = "gateway"
TIMEOUT_S = 15.0


class EventApi:
    """Says what happened, signed, and asks about tokens and invitations; an async context manager."""

    def __init__(self, url: str, signing_key: bytes, api_key: str, clock: Clock | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)
        self._signing_key = signing_key
        self._api_key = api_key
        self._clock = clock or SystemClock()

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        """Return a client of the gateway these settings describe.

        Raises:
            InvalidInput: they name no port or no keys.
        """
        if gateway.port is None or not gateway.signing_keys or gateway.api_keys is None:
            missing = f"RELANCE_GATEWAY__PORT, {SIGNING_SECRETS} or {API_KEYS}"
            raise InvalidInput(missing, "it is not set", "set all three")
        url = f"http://{gateway.host}:{gateway.port}"
        return cls(url, gateway.signing_keys[0], gateway.api_keyring.texts[0])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, events: Sequence[Mapping[str, Any]], message_id: str | None = None) -> list[dict[str, Any]]:
        """Say what happened: up to 1,000 events like `{"event": "submitted", "invitationId": ...}`; return the answers.

        A caller without an answer sends the message again with the same `message_id`.

        Raises:
            DependencyUnavailable: no answer, or not now.
            InvalidInput: it was refused.
        """
        answer = await self.post(EVENTS, json.dumps({"events": events}).encode(), message_id)
        return list(_read(answer)["answers"])

    async def preferences_changed(self, user_ids: Sequence[str], message_id: str | None = None) -> list[dict[str, Any]]:
        """Say whose preferences changed; return the answers; raises as `send`."""
        answer = await self.post(PREFERENCES, json.dumps({"userIds": user_ids}).encode(), message_id)
        return list(_read(answer)["answers"])

    async def post(self, path: str, body: bytes, message_id: str | None = None) -> httpx.Response:
        """Post a signed body; raises DependencyUnavailable without an answer."""
        headers = signed_headers(self._signing_key, message_id or f"msg_{uuid4().hex}", self._clock.now(), body)
        try:
            return await self._http.post(path, content=body, headers={**headers, "Content-Type": "application/json"})
        except httpx.HTTPError as error:
            raise DependencyUnavailable(NAME, f"no answer ({type(error).__name__})") from None

    async def token(self, token: str) -> dict[str, Any]:
        """Return what a form's link stands for; raises as `send`."""
        return _read(await self._get(TOKEN.format(token=token)))

    async def invitation(self, invitation_id: str) -> dict[str, Any]:
        """Return where an invitation stands, and why; raises as `send`."""
        return _read(await self._get(INVITATION.format(invitation_id=invitation_id)))

    async def _get(self, path: str) -> httpx.Response:
        try:
            return await self._http.get(path, headers={"Authorization": f"Bearer {self._api_key}"})
        except httpx.HTTPError as error:
            raise DependencyUnavailable(NAME, f"no answer ({type(error).__name__})") from None


def _read(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise DependencyUnavailable(NAME, f"it answered {answer.status_code}")
    said = answer.json()
    if answer.status_code != 200:
        raise InvalidInput("request", f"{answer.status_code}: {said.get('detail', '')}", "see docs/integration.md")
    return dict(said)
