"""What one scenario needs that others do not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from relance.contracts.cycle import CycleOptions
from tests.faults.servers import Servers, restartable_servers
from tests.support.installation import CycleHandle, Installation

PERIOD = "2026-11"
# Each mail is kept first and confirmed later: whoever dies in between does not know that it arrived. It also stretches
# the sending, so that every fault finds mails in flight.
CONFIRMED_AFTER_S = 0.05


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Sizes small enough for continuous integration, servers, people, and how the cycle begins.

    `gentle` means that whatever happens gives everybody the time to finish: then nothing may be doubled. There are
    `workers`, of `processes` each. With `resolver` mails in doubt are looked up without being asked to. `begin` starts
    the cycle in another way than by hand; `environment` is for the workers, `changes` for every user's document.
    """

    kills: int = 5
    users: int = 100
    contacts: int = 10
    connections: int = 16
    gentle: bool = False
    resolver: bool = False
    period: str = PERIOD
    workers: int = 1
    processes: int = 1
    options: CycleOptions = field(default_factory=CycleOptions)
    confirmed_after_s: float = CONFIRMED_AFTER_S
    environment: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, object] = field(default_factory=dict)
    servers: Callable[[], AbstractAsyncContextManager[Servers]] = restartable_servers
    begin: Callable[[Installation], Awaitable[CycleHandle]] | None = None
