"""What all ways of signing in share: a session begins, and the browser goes on to where it wanted to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from relance.console.addresses import ROOT, SIGN_IN
from relance.console.signing_in import cookies
from relance.domain.console.people import Grounds, SignedInPerson
from relance.ports import Clock
from relance.ports.console import NO_GROUNDS, ConsoleSession, Sessions

logger = logging.getLogger(__name__)


class NotLetIn(Exception):
    """Somebody may not sign in; `reason` is the key of the sentence that says why, and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignInPage:
    """A page for somebody who is not signed in yet."""

    template: str
    data: Mapping[str, Any]
    status: int = 200


class SignIn(Protocol):
    """A way of signing in."""

    def routes(self) -> list[BaseRoute]:
        """Return the routes it needs besides."""

    async def begin(self, request: Request, wanted: str) -> Response | SignInPage:
        """Answer somebody who is not signed in and wants to go to a path of ours.

        Raises:
            NotLetIn: this browser cannot sign in now.
        """

    def still_holds(self, request: Request, session: ConsoleSession) -> bool:
        """Return whether a session is one of this request's person, who would get the same role now."""


@dataclass(frozen=True, slots=True)
class Starter:
    """Begins and ends sessions."""

    sessions: Sessions
    clock: Clock
    age: timedelta

    async def let_in(
        self, request: Request, person: SignedInPerson, wanted: str, grounds: Grounds = NO_GROUNDS
    ) -> Response:
        """Begin a session under a new secret, end the one before, and send the browser on."""
        if before := cookies.read(request, cookies.SESSION):
            await self.sessions.end(before)
        secret, _ = await self.sessions.begin(person, self.clock.now() + self.age, grounds)
        response = RedirectResponse(local(wanted), 303)
        cookies.put(request, response, cookies.SESSION, secret, self.age)
        logger.info("the console was entered by %s as %s", person.way, person.role)
        return response


def local(path: str) -> str:
    """Return a path of the console to go on to, and the first page instead of everything else."""
    fine = path.startswith(f"{ROOT}/") and "\\" not in path and "//" not in path and path.isprintable()
    return path if fine and not path.startswith(SIGN_IN) and len(path) <= 500 else f"{ROOT}/now"
