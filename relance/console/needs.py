"""What the pages work with; handed in by `composition/console.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from urllib.parse import quote

from temporalio.client import Client

from relance.adapters.mongo.connection import Database
from relance.console.answers import ServerAnswers
from relance.console.watchers import CycleWatchers
from relance.console.work import Worker
from relance.doctor.needs import DoctorServices
from relance.ports import Clock, Reports
from relance.services.conversation import ChatService
from relance.services.cycle_decisions import CycleDecisions
from relance.services.explaining import Explaining
from relance.services.mail_preview import MailDesk
from relance.settings import Settings


@dataclass(frozen=True, slots=True)
class ConsoleNeeds:
    """Repositories, clients and services of all pages; a page takes what it needs, and adds a field if need be.

    sign_attachment: returns the token under which the gateway shows a file of a message, by key and file name.
    """

    settings: Settings
    data: Database
    client: Client
    answers: ServerAnswers
    clock: Clock
    explaining: Explaining
    watchers: CycleWatchers
    mails: MailDesk
    conversation: ChatService
    sign_attachment: Callable[[str, str], str]
    decisions: CycleDecisions
    reports: Callable[[], AbstractAsyncContextManager[Reports]]
    work: Worker
    doctor: DoctorServices

    def temporal_link(self, workflow_id: str, run_id: str = "") -> str | None:
        """Return where Temporal Web shows a workflow; None where the settings name none."""
        base = self.settings.console.temporal_web
        if base is None:
            return None
        run = f"/{quote(run_id, safe='')}/history" if run_id else ""
        namespace = quote(self.client.namespace, safe="")
        return f"{base}/namespaces/{namespace}/workflows/{quote(workflow_id, safe='')}{run}"
