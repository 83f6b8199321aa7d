"""What a disturbed cycle is made of: options from the command line, and the run under way."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relance.devstack.mailbox.client import Mailbox
from tests.faults.mail_flow import MailFlow
from tests.faults.scenario import Say
from tests.installation import CycleHandle, Installation


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose; `connections` is per worker process.

    With `resolver` the workers look at the mailbox's log before they send anything again, and nothing may be doubled.
    """

    users: int
    contacts: int
    kills: int
    connections: int
    seed: int
    resolver: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A cycle under way, with one worker; `expected` mails will arrive if nothing goes wrong."""

    options: Options
    installation: Installation
    mailbox: Mailbox
    flow: MailFlow
    cycle: CycleHandle
    expected: int
    chance: random.Random
    say: Say


Disturb = Callable[[Run], Awaitable[int]]
"""Makes a fault happen during a run and returns how many kills there were."""
