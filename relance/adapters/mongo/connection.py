"""The connection to MongoDB and everything that lives on it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pymongo.topology_description import TopologyDescription

from relance.adapters.mailbox_digests import MailboxDigests
from relance.adapters.mongo.alerts import MongoAlerts, MongoSilences
from relance.adapters.mongo.archive import MongoArchive
from relance.adapters.mongo.changes import MongoChanges
from relance.adapters.mongo.channels import MongoAttachments, MongoChannelStates, MongoChatMessages
from relance.adapters.mongo.client import client_of
from relance.adapters.mongo.command_spans import CommandSpans
from relance.adapters.mongo.compensations import MongoCompensations
from relance.adapters.mongo.console import MongoSessions, MongoSignIns
from relance.adapters.mongo.console_work import MongoWorks
from relance.adapters.mongo.coverage import MongoCoverage
from relance.adapters.mongo.cycle_control import MongoControls, MongoErrorGates, MongoRestores
from relance.adapters.mongo.documents import TOLERANT, Client, MotorDatabase
from relance.adapters.mongo.effectiveness import MongoEffectiveness
from relance.adapters.mongo.errors import NAME, translated
from relance.adapters.mongo.group_commit import GroupCommit, Observe
from relance.adapters.mongo.health import MongoEffects, MongoHealthChecks, MongoServerStatus, MongoWorkers
from relance.adapters.mongo.inbox import MongoInbox
from relance.adapters.mongo.indexes import ensure_indexes, missing_indexes
from relance.adapters.mongo.jobs import MongoAuditMarks, MongoJobRuns, MongoPostedReports
from relance.adapters.mongo.keys import MongoInstalledKeys
from relance.adapters.mongo.ledger import MongoLedger
from relance.adapters.mongo.mail_intake import MongoIntakeMessages
from relance.adapters.mongo.mailbox_slots import MailboxSlots
from relance.adapters.mongo.opens import MongoOpens
from relance.adapters.mongo.opt_outs import MongoOptOuts
from relance.adapters.mongo.outbox import MongoOutbox
from relance.adapters.mongo.people import MongoContacts, MongoUsers
from relance.adapters.mongo.plans import MongoPlans
from relance.adapters.mongo.privacy import MongoErasures, MongoPersonData
from relance.adapters.mongo.quarantine import MongoQuarantine, Noticed, unnoticed
from relance.adapters.mongo.ranges import Ranges, ranges
from relance.adapters.mongo.recheck import Recheck
from relance.adapters.mongo.reconciliation import MongoReconcileRows
from relance.adapters.mongo.suppressions import MongoSuppressions
from relance.adapters.mongo.unsent import MongoUnsentUsers
from relance.domain.invitations.bounds import DEFAULT_BOUNDS, Bounds
from relance.domain.invitations.reminders import DEFAULT_TIMING, ReminderTiming
from relance.errors import DependencyUnavailable
from relance.settings import Mongo
from relance.settings.privacy import Privacy

Documents: TypeAlias = "Sequence[Mapping[str, Any]]"


def _unobserved(_size: int, _waited: float, _seconds: float) -> None:
    """Ignore the measurement."""


@dataclass(frozen=True, slots=True)
class Database:
    """One client per process and the repositories on it; closed by who connected."""

    client: Client
    raw: MotorDatabase
    users: MongoUsers
    contacts: MongoContacts
    digests: MailboxDigests
    suppressions: MongoSuppressions
    opt_outs: MongoOptOuts
    opens: MongoOpens
    keys: MongoInstalledKeys
    plans: MongoPlans
    unsent: MongoUnsentUsers
    controls: MongoControls
    error_gates: MongoErrorGates
    coverage: MongoCoverage
    compensations: MongoCompensations
    ledger: MongoLedger
    effectiveness: MongoEffectiveness
    job_runs: MongoJobRuns
    audit_marks: MongoAuditMarks
    health_checks: MongoHealthChecks
    workers: MongoWorkers
    chat_messages: MongoChatMessages
    alerts: MongoAlerts
    silences: MongoSilences
    channel_states: MongoChannelStates
    attachments: MongoAttachments
    restores: MongoRestores
    effects: MongoEffects
    inbox: MongoInbox
    outbox: MongoOutbox
    archive: MongoArchive
    reconcile_rows: MongoReconcileRows
    posted_reports: MongoPostedReports
    server_status: MongoServerStatus
    intake_messages: MongoIntakeMessages
    sessions: MongoSessions
    sign_ins: MongoSignIns
    works: MongoWorks
    changes: MongoChanges
    person_data: MongoPersonData
    erasures: MongoErasures
    asks: Ranges
    quarantine: MongoQuarantine
    group_commit: GroupCommit

    async def check(self) -> None:
        """Make sure that a replica set with a primary answers.

        Raises:
            DependencyUnavailable: it does not; says what to do.
        """
        with translated("check the connection"):
            await self.client.admin.command("ping")
            hello = await self.client.admin.command("hello")
        if "setName" not in hello:
            raise DependencyUnavailable(
                NAME,
                "this server is no member of a replica set, so it cannot confirm writes by majority; start it with "
                "--replSet and run rs.initiate(), or point RELANCE_MONGO__URI to a replica set",
            )
        if not hello.get("isWritablePrimary"):
            raise DependencyUnavailable(
                NAME,
                "this server is not the primary; remove directConnection from RELANCE_MONGO__URI or name every member",
            )

    @property
    def refused(self) -> bool:
        """Whether every server that is known has refused the last connection: it will not do for a person to wait."""
        known: TopologyDescription = self.client.delegate.topology_description
        servers = known.server_descriptions().values()
        return bool(servers) and all(_is_refusal(server.error) for server in servers)

    async def ensure_indexes(self) -> None:
        """Create the indexes that are not there yet."""
        await ensure_indexes(self.raw)

    async def missing_indexes(self) -> list[str]:
        """Return the indexes that are not there, as `collection(field, ...)`."""
        return await missing_indexes(self.raw)

    async def add_samples(self, users: Documents, contacts: Documents) -> bool:
        """Insert sample people unless there are users already; return whether it did."""
        if await self.raw.users.find_one({}, {"_id": 1}) is not None:
            return False
        await self.raw.contacts.insert_many([dict(contact) for contact in contacts])
        await self.raw.users.insert_many([dict(user) for user in users])
        return True

    async def close(self) -> None:
        """Record what was handed in, then close every connection."""
        await self.group_commit.close()
        # Says goodbye to the server, and would hold up the loop for as long as that takes.
        await asyncio.to_thread(self.client.close)


def _is_refusal(error: BaseException | None) -> bool:
    # The driver keeps the text of the socket's error and drops the error.
    return f"[Errno {errno.ECONNREFUSED}]" in str(error)


def connect(
    settings: Mongo,
    privacy: Privacy,
    observe: Observe = _unobserved,
    *,
    traced: bool = False,
    timing: ReminderTiming = DEFAULT_TIMING,
    bounds: Bounds = DEFAULT_BOUNDS,
    noticed: Noticed = unnoticed,
) -> Database:
    """Return the database of these settings; the first operation opens the first connection.

    `observe` gets each round trip of the ledger; `traced` has every command leave a span; `timing` is what reminders
    are claimed by; `bounds` is how much one user and one mailbox get; `noticed` gets documents that are set aside for
    the first time.

    Raises:
        SettingsError: the connection string cannot be used.
    """
    client = client_of(settings, [CommandSpans()] if traced else [])
    raw = client.get_database(settings.database, TOLERANT)
    return repositories(
        client,
        raw,
        privacy,
        observe,
        timing=timing,
        bounds=bounds,
        asks=ranges(settings.timeout),
        noticed=noticed,
    )


def repositories(
    client: Client,
    raw: MotorDatabase,
    privacy: Privacy,
    observe: Observe = _unobserved,
    *,
    timing: ReminderTiming = DEFAULT_TIMING,
    bounds: Bounds = DEFAULT_BOUNDS,
    asks: Ranges | None = None,
    noticed: Noticed = unnoticed,
) -> Database:
    """Return the repositories of one process on a database; `asks` is how questions over whole periods are asked."""
    asks = asks or Ranges()
    quarantine = MongoQuarantine(raw, noticed)
    digests = MailboxDigests(privacy.suppression_keys)
    suppressions = MongoSuppressions(raw, digests)
    users = MongoUsers(raw.users, quarantine)
    recheck = Recheck(raw, suppressions, MailboxSlots(raw, bounds), quarantine, timing)
    group_commit = GroupCommit(raw.invitations, recheck, observe, timing.distance)
    return Database(
        client=client,
        raw=raw,
        users=users,
        contacts=MongoContacts(raw.contacts, quarantine, bounds.contacts_per_user),
        digests=digests,
        suppressions=suppressions,
        opt_outs=MongoOptOuts(raw, digests),
        opens=MongoOpens(raw),
        keys=MongoInstalledKeys(raw),
        plans=MongoPlans(raw.plans, raw.invitations, quarantine, asks),
        unsent=MongoUnsentUsers(raw, asks, bounds.contacts_per_user),
        controls=MongoControls(raw.cycleControls, quarantine),
        error_gates=MongoErrorGates(raw.errorGates, quarantine),
        coverage=MongoCoverage(raw, users, quarantine),
        compensations=MongoCompensations(raw, asks),
        ledger=MongoLedger(raw.invitations, group_commit, quarantine, asks),
        effectiveness=MongoEffectiveness(raw.invitations, asks),
        job_runs=MongoJobRuns(raw.jobRuns, quarantine),
        audit_marks=MongoAuditMarks(raw.jobAudits, quarantine),
        health_checks=MongoHealthChecks(raw.healthChecks, quarantine),
        workers=MongoWorkers(raw.workers, quarantine),
        chat_messages=MongoChatMessages(raw.chatMessages, quarantine),
        alerts=MongoAlerts(raw.alerts, quarantine),
        silences=MongoSilences(raw.silences, quarantine),
        channel_states=MongoChannelStates(raw.channels, quarantine),
        attachments=MongoAttachments(raw.attachments),
        restores=MongoRestores(raw.restores, quarantine),
        effects=MongoEffects(raw, asks),
        inbox=MongoInbox(raw),
        outbox=MongoOutbox(raw),
        archive=MongoArchive(raw, suppressions, asks),
        reconcile_rows=MongoReconcileRows(raw, asks),
        posted_reports=MongoPostedReports(raw.postedReports),
        server_status=MongoServerStatus(raw),
        intake_messages=MongoIntakeMessages(raw, quarantine),
        sessions=MongoSessions(raw),
        sign_ins=MongoSignIns(raw),
        works=MongoWorks(raw),
        changes=MongoChanges(client, raw),
        person_data=MongoPersonData(raw, digests, suppressions, asks),
        erasures=MongoErasures(raw.erasures, quarantine),
        asks=asks,
        quarantine=quarantine,
        group_commit=group_commit,
    )
