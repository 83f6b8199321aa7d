"""What the doctor looks at, and with what; the command line and the console have both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from relance.ports import Clock, RelayLog, Reports
from relance.settings import Settings

if TYPE_CHECKING:
    from relance.gateway.unsubscribe_check import LinkTrouble


class DoctorServices(Protocol):
    """Factories and checks of what lies outside."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def check_relay(self) -> Callable[[Settings], Awaitable[None]]: ...  # noqa: D102
    @property
    def relay_log(self) -> Callable[[Settings], AbstractAsyncContextManager[RelayLog | None]]: ...  # noqa: D102
    @property
    def reports(self) -> Callable[[Settings], AbstractAsyncContextManager[Reports]]: ...  # noqa: D102
    @property
    def check_links(self) -> Callable[[Settings], Awaitable[Mapping[str, LinkTrouble | None]]]: ...  # noqa: D102
    @property
    def greet_intake(self) -> Callable[[Settings], Awaitable[str]]: ...  # noqa: D102
