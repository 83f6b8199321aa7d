"""The register of what is kept: per store what it holds, why, for how long, who reads it, and what forgetting does.

The table of `docs/privacy.md` and the dry run of `person forget` are made of it; a test compares it with the
collections that the code names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What forgetting a person does to the documents about him."""

    APPLICATION = "stays: it is the web application's; a contact is blocked"
    ANONYMOUS = "made anonymous: counted, and nobody can tell whose it was"
    DELETED = "deleted"
    ENDED = "a user's are deleted; a contact's part is ended, and deleted where the workflow has ended"
    RENAMED = "the person's id is replaced by an anonymous one"
    KEPT = "kept on purpose: a keyed digest, so that an opt-out is honoured"
    RECORD = "kept: who was forgotten when, without personal data"
    NOBODY = "says nothing about users and contacts"


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """One store; `kept` is a setting's variable or a fixed time, `readers` are processes and people."""

    name: str
    holds: str
    purpose: str
    kept: str
    readers: str
    effect: Effect


_WORKERS = "workers"
_PERIODS = "RELANCE_RETENTION__ANONYMOUS_AFTER, then without names RELANCE_RETENTION__CYCLES"

STORES: Sequence[StoreFacts] = (
    StoreFacts(
        "users",
        "id, name, address, locale, send time, reminder settings",
        "to send in the user's name",
        "the application decides",
        "workers, `why`",
        Effect.APPLICATION,
    ),
    StoreFacts(
        "contacts",
        "id, name, address, locale, status, consent to tracking",
        "to write to the contact",
        "the application decides",
        "workers, gateway, `why`",
        Effect.APPLICATION,
    ),
    StoreFacts(
        "invitations",
        "ids of user and contact, outcome, instants, keyed digests of the mailboxes",
        "to send once, to remind, to explain",
        _PERIODS,
        "workers, gateway, `why`, `cycle`",
        Effect.ANONYMOUS,
    ),
    StoreFacts(
        "plans",
        "id of the user, instant, zone",
        "to send at the user's time",
        _PERIODS,
        "workers, `why`",
        Effect.ANONYMOUS,
    ),
    StoreFacts(
        "compensations",
        "ids of user and contact, status before and after, who decided",
        "to account for a cancelled or rolled-back cycle",
        _PERIODS,
        "workers",
        Effect.ANONYMOUS,
    ),
    StoreFacts(
        "mailboxSlots",
        "keyed digest of a mailbox, id of an invitation",
        "to limit how many users write to one mailbox",
        "RELANCE_RETENTION__ANONYMOUS_AFTER",
        _WORKERS,
        Effect.RENAMED,
    ),
    StoreFacts(
        "mailboxes",
        "keyed digests of an invitation and of its mailbox",
        "to honour an opt-out by the link of an old mail",
        "RELANCE_RETENTION__CYCLES",
        "gateway",
        Effect.KEPT,
    ),
    StoreFacts(
        "suppressions",
        "keyed digest of a mailbox, reason, instant",
        "to write no more to who does not want it",
        "without end",
        "workers, gateway, `why`",
        Effect.KEPT,
    ),
    StoreFacts(
        "optOuts",
        "keyed digest of an invitation, how and when somebody opted out",
        "to take an opt-out back for 30 days",
        "400 days",
        "gateway",
        Effect.DELETED,
    ),
    StoreFacts(
        "opens",
        "ids of invitation and contact, first opening; only with consent",
        "to tell users that a mail was opened",
        "180 days, or until the consent is withdrawn",
        "gateway, workers",
        Effect.DELETED,
    ),
    StoreFacts(
        "inbox",
        "hashes of the application's messages, ids of invitations in the answers",
        "to take each message once",
        "30 days",
        "gateway",
        Effect.RENAMED,
    ),
    StoreFacts("outbox", "one counter", "to plan anew", "without end", "gateway, workers", Effect.NOBODY),
    StoreFacts(
        "intakeMessages",
        "digest of a returned mail, id of the invitation, code",
        "to read each returned mail once, to count strikes",
        "RELANCE_INTAKE__RECORDS_KEPT",
        "workers, `intake`",
        Effect.DELETED,
    ),
    StoreFacts(
        "intakeKept",
        "the returned mail itself, with addresses",
        "for a person to attribute it",
        "RELANCE_INTAKE__MESSAGES_KEPT",
        "`intake show --raw`",
        Effect.DELETED,
    ),
    StoreFacts(
        "quarantine",
        "ids of documents that cannot be read, and why",
        "for a person to mend them",
        "RELANCE_RETENTION__QUARANTINE",
        "workers, `quarantine`",
        Effect.DELETED,
    ),
    StoreFacts(
        "errorGates",
        "ids of users whose mails failed, counts",
        "to stop a cycle that fails",
        "90 days",
        _WORKERS,
        Effect.RENAMED,
    ),
    StoreFacts(
        "planSearches",
        "ids of users without a plan",
        "to find users who were missed",
        "two periods",
        _WORKERS,
        Effect.RENAMED,
    ),
    StoreFacts(
        "follow-ups",
        "ids of user and contacts, instants, events; in Temporal",
        "to keep the timers of reminders",
        "RELANCE_TEMPORAL__RETENTION after the end",
        "workers, Temporal Web",
        Effect.ENDED,
    ),
    StoreFacts(
        "erasures",
        "keyed digests, who asked, when, why, counts",
        "to account for erasures",
        "1095 days",
        "`person records`",
        Effect.RECORD,
    ),
    StoreFacts(
        "alerts",
        "figures, periods, names of partners; who acknowledged",
        "to notify the operators",
        "RELANCE_RETENTION__ALERTS",
        "workers, `alerts`, channels",
        Effect.NOBODY,
    ),
    StoreFacts(
        "silences",
        "rule, reason, author",
        "to keep quiet for a while",
        "RELANCE_RETENTION__SILENCES",
        "workers, `alerts`",
        Effect.NOBODY,
    ),
    StoreFacts(
        "chatMessages",
        "the messages of the alerts; questions about ids of users and contacts, with the answers",
        "to show them in the chat",
        "RELANCE_RETENTION__CHAT_MESSAGES",
        "workers, chat",
        Effect.DELETED,
    ),
    StoreFacts(
        "attachments", "charts", "to show them in the chat", "RELANCE_RETENTION__ATTACHMENTS", "gateway", Effect.NOBODY
    ),
    StoreFacts(
        "cycleControls",
        "state of a cycle, who decided, why",
        "to pause and to cancel",
        "RELANCE_RETENTION__CYCLES",
        "workers, `cycle`",
        Effect.NOBODY,
    ),
    StoreFacts(
        "jobRuns",
        "counts, durations",
        "to show that every job ran",
        "RELANCE_JOBS__RUNS_KEPT; the figures of a cycle without end",
        "workers, `report`",
        Effect.NOBODY,
    ),
    StoreFacts(
        "postedReports",
        "which report was posted",
        "to post each report once",
        "RELANCE_RETENTION__CHAT_MESSAGES",
        _WORKERS,
        Effect.NOBODY,
    ),
    StoreFacts("jobAudits", "how far jobs are audited", "to miss no run", "without end", _WORKERS, Effect.NOBODY),
    StoreFacts("healthChecks", "states of the probes", "to alert on changes", "without end", _WORKERS, Effect.NOBODY),
    StoreFacts("healthProbe", "one counter", "to measure writes", "without end", _WORKERS, Effect.NOBODY),
    StoreFacts("workers", "process, memory, shares", "to divide limits", "300 seconds", _WORKERS, Effect.NOBODY),
    StoreFacts("channels", "how each channel fares", "to fall back", "without end", _WORKERS, Effect.NOBODY),
    StoreFacts("restores", "when a backup was put back", "to send once", "without end", _WORKERS, Effect.NOBODY),
    StoreFacts(
        "installation",
        "fingerprints of the keys",
        "to refuse a process with foreign keys",
        "without end",
        "every process",
        Effect.NOBODY,
    ),
    StoreFacts(
        "consoleSessions",
        "name and role of an operator and what gave it, hash of the cookie",
        "to stay signed in",
        "RELANCE_CONSOLE__SESSION",
        "console",
        Effect.NOBODY,
    ),
    StoreFacts(
        "consoleSignIns",
        "hash of a link, name and role of an operator",
        "to sign in",
        "minutes",
        "console",
        Effect.NOBODY,
    ),
    StoreFacts(
        "consoleWork",
        "what an operator had calculated, and the result",
        "to show it on the page",
        "a day",
        "console",
        Effect.NOBODY,
    ),
    StoreFacts(
        "anonymisations",
        "a key per period that is being made anonymous",
        "to make it anonymous in steps",
        "until the period is anonymous",
        _WORKERS,
        Effect.NOBODY,
    ),
)

BY_NAME = {store.name: store for store in STORES}


def is_erased(store: str) -> bool:
    """Return whether forgetting takes documents out of this store, or names out of its documents."""
    return BY_NAME[store].effect in {Effect.ANONYMOUS, Effect.DELETED, Effect.ENDED, Effect.RENAMED}
