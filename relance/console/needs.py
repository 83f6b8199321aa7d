"""What the pages work with; handed in by `composition/console.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.console.watchers import CycleWatchers
from relance.ports import Clock
from relance.services.conversation import Conversation
from relance.services.cycle_control import CycleControl
from relance.services.explaining import Explaining
from relance.settings import Settings


@dataclass(frozen=True, slots=True)
class ConsoleNeeds:
    """Repositories, clients and services of all pages; a page takes what it needs, and adds a field if need be.

    sign_attachment: returns the token under which the gateway shows a file of a message, by key and file name.
    """

    settings: Settings
    data: Database
    client: Client
    clock: Clock
    explaining: Explaining
    control: CycleControl
    watchers: CycleWatchers
    conversation: Conversation
    sign_attachment: Callable[[str, str], str]
