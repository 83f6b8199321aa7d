"""Every metric of our own: name, unit, attributes, meaning, and what an operator does with it.

Attributes are kinds, results and classes, never ids of people, addresses or domains (SPEC section 13), so that the
number of series stays small whatever the load. `docs/monitoring.md` is generated from here.
"""

from __future__ import annotations

from relance.contracts.names import SIGNALS_IGNORED as _SIGNALS_IGNORED
from relance.runtime.metric import GROUP_SIZES, JOB_SECONDS, SECONDS, WAITS, Kind, Metric

_MAIL_KIND = {"kind": "`invitation`, `first`, `second`, `correction`"}
_JOB = {"job_name": "the job's name, as in `report jobs`", "state": "`ran`, `late`, `skipped`, `failed`"}

MAILS = Metric(
    "relance.mails",
    Kind.COUNTER,
    "{mail}",
    "Mails handed to the relay and what became of them.",
    "The rate of sending, and the share of `failed` and `deferred`; by `provider` it shows who refuses us.",
    {
        **_MAIL_KIND,
        "result": "`sent`, `deferred` (tried again later), `failed`, `uncertain`",
        "class": "the class of the failure (docs/errors.md), or `none`",
        "provider": "one of the nine recipient providers the code knows, or `other`",
    },
)
MAIL_DURATION = Metric(
    "relance.mail.duration",
    Kind.HISTOGRAM,
    "s",
    "From handing a mail over to the relay's answer.",
    "How fast the relay is; when it grows, sending slows down with it.",
    _MAIL_KIND,
    SECONDS,
)
MAIL_WAIT = Metric(
    "relance.mail.wait",
    Kind.HISTOGRAM,
    "s",
    "From the instant a mail was planned for to the relay's answer.",
    "How late people get their mails: the queue before the relay, with pauses and outages in it.",
    _MAIL_KIND,
    WAITS,
)
CLAIM_WAIT = Metric(
    "relance.claim.wait",
    Kind.HISTOGRAM,
    "s",
    "The longest any connection waited for the claim of its next mail, per group of claims.",
    "The database's share in the time per mail; above a second MongoDB needs a look.",
    bounds=SECONDS,
)
GROUP_SIZE = Metric(
    "relance.ledger.group.size",
    Kind.HISTOGRAM,
    "{entry}",
    "Claims and results that shared one round trip to the database.",
    "Large groups mean that the journal's commit is the bottleneck, and that grouping makes up for it.",
    bounds=GROUP_SIZES,
)
GROUP_DURATION = Metric(
    "relance.ledger.group.duration",
    Kind.HISTOGRAM,
    "s",
    "One round trip of the ledger: a read, a write, its commit on the majority.",
    "The latency of MongoDB as sending sees it.",
    bounds=SECONDS,
)
ERRORS = Metric(
    "relance.errors",
    Kind.COUNTER,
    "{error}",
    "Errors by class and source: mails not accepted, activities failed.",
    "docs/errors.md says what each class means; `configuration`, `sender_fault` and `bug` are ours to mend.",
    {"class": "a class of docs/errors.md", "source": "`smtp`, `everflow`, `channel`, `mongodb`, `temporal`, ..."},
)
BREAKER = Metric(
    "relance.breaker.state",
    Kind.GAUGE,
    "",
    "State of a circuit breaker: 0 closed, 1 half-open, 2 open.",
    "An open breaker keeps work back and loses none; look after the dependency it is named for.",
    {"name": "`relay`, `everflow`, a channel, or `provider <name>`"},
)
FOLLOW_UPS = Metric(
    "relance.follow_ups.started",
    Kind.COUNTER,
    "{follow-up}",
    "Follow-up workflows started.",
    "Rises after each wave to the number of its users.",
)
REMINDER_SKIPS = Metric(
    "relance.reminders.skipped",
    Kind.COUNTER,
    "{reminder}",
    "Reminders that came due and were not sent; those that were are `relance.mails` of kind `first` and `second`.",
    "Mostly `submitted`; anything else that dominates is worth a question.",
    {"kind": "`first`, `second`", "reason": "the code of the reason"},
)
UNCERTAIN = Metric(
    "relance.uncertain",
    Kind.COUNTER,
    "{mail}",
    "Mails whose reply was lost, by what the relay's log said of them (SPEC X4).",
    "`unknown` means that nobody can tell: configure RELANCE_RELAY_LOG, see `cycle uncertain`.",
    {"kind": _MAIL_KIND["kind"], "outcome": "`arrived`, `absent`, `unknown`"},
)
PLAN_NOTES = Metric(
    "relance.plan.notes",
    Kind.COUNTER,
    "{note}",
    "Fall-backs while planning (SPEC C3).",
    "Users whose day, time or zone cannot be used; the web application should mend them.",
    {"code": "the code of the fall-back"},
)
NAMES_WITHHELD = Metric(
    "relance.names.withheld",
    Kind.COUNTER,
    "{name}",
    "Names that were not put into a mail, because they hold a link, a domain or a message.",
    "More than a few mean that somebody uses the sign-up form to send text to strangers.",
    {"whose": "`sender`, `recipient`"},
)
JOB_RUNS = Metric(
    "relance.job.runs",
    Kind.COUNTER,
    "{run}",
    "Recorded runs of scheduled jobs.",
    "Success rate per job; a job whose count stands still does not run.",
    _JOB,
)
JOB_DURATION = Metric(
    "relance.job.duration",
    Kind.HISTOGRAM,
    "s",
    "Duration of recorded job runs.",
    "A job that takes ever longer; `report jobs` has the single runs.",
    _JOB,
    JOB_SECONDS,
)
JOB_LAST = Metric(
    "relance.job.last_run",
    Kind.GAUGE,
    "s",
    "When this process last recorded a run of the job, in seconds since 1970.",
    "`time() - max by (job_name) (...)` is how long ago that was.",
    {"job_name": _JOB["job_name"]},
)
ALERTS = Metric(
    "relance.alerts",
    Kind.COUNTER,
    "{event}",
    "What happened to alerts: opened, sent, suppressed, resolved, ...",
    "Many `opened` or `suppressed` of one rule are noise: see `report noise`.",
    {"rule": "the rule", "event": "the event, as in `alerts show`", "reason": "why it was suppressed, or `none`"},
)
ALERT_MESSAGES = Metric(
    "relance.alert.messages",
    Kind.COUNTER,
    "{message}",
    "Messages handed to a channel, per try.",
    "A channel that only fails reaches nobody: `alerts channels`.",
    {"channel": "the channel's name", "result": "`delivered`, `repeated`, `unavailable`, `refused`, `gone`"},
)
SIGNALS_IGNORED = Metric(
    _SIGNALS_IGNORED,
    Kind.COUNTER,
    "",
    "Signals to workflows that made no sense and were ignored; counted by Temporal's meter, not again by a replay.",
    "Somebody signals by hand or runs another version: docs/incidents.md. What it says is in the database.",
    {
        "workflow_type": "the workflow's type; `namespace` and `task_queue` are beside it",
        "signal": "the signal's name, `other` for one that nobody here has",
        "reason": "`unknown` (no such handler), `arguments` (too few or too many), `unreadable`, `refused` (absurd)",
    },
)
HEALTH = Metric(
    "relance.health",
    Kind.GAUGE,
    "",
    "1 for the state a probe of the health check was in last; a state an hour old is not shown any more.",
    "Anything but `healthy` names the dependency to look after; `starter.py doctor` says more.",
    {"probe": "the probe's name", "state": "`healthy`, `degraded`, `unhealthy`, `unknown`"},
)
QUARANTINE = Metric(
    "relance.quarantine.documents",
    Kind.GAUGE,
    "{document}",
    "Documents that cannot be read, as the health check saw them last; shown for an hour.",
    "Above 0 `starter.py quarantine list` names them; everything else goes on.",
    {"collection": "the collection's name"},
)
QUARANTINED = Metric(
    "relance.quarantine.added",
    Kind.COUNTER,
    "{document}",
    "Documents found unreadable that were not known to be.",
    "Many at once: somebody changed how the application writes this collection.",
    QUARANTINE.attributes,
)
OUTBOX = Metric(
    "relance.outbox.waiting",
    Kind.GAUGE,
    "{notice}",
    "Events in the database that a follow-up has yet to hear of, as this process saw them last (10,000 at most).",
    "The reminders are right all the same. That it grows means that Temporal is away or behind.",
)
OUTBOX_LAG = Metric(
    "relance.outbox.lag",
    Kind.GAUGE,
    "s",
    "How long the oldest of these has waited.",
    "Above five minutes the health check alerts: see docs/incidents.md.",
)
INTAKE = Metric(
    "relance.intake.messages",
    Kind.COUNTER,
    "{message}",
    "Messages of the mail intake and reports of relays, by what they are and what became of them.",
    "`unattributed`, `wrong_recipient`, `other` and `unreadable` are kept: `starter.py intake list`. Many `about_us`: "
    "providers refuse us after they took the mail; read their words in the relay's log.",
    {
        "kind": "`delivery_report`, `complaint`, `unsubscribe`, `automatic`, `challenge`, `other`, `unreadable`",
        "outcome": "`bounced`, `struck_out`, `complained`, `opted_out`, `soft`, `about_us`, `under_way`, `automatic`, "
        "`other_address`, `no_complaint`, `other`, `unattributed`, `wrong_recipient`, `unreadable`",
    },
)
INTAKE_REFUSED = Metric(
    "relance.intake.refused",
    Kind.COUNTER,
    "{message}",
    "Messages and calls the mail intake did not take.",
    "`unavailable`: the database is away, and the mail server keeps the mail; `signature`: somebody calls a webhook "
    "without the secret.",
    {"reason": "`unavailable`, `recipient`, `too_large`, `connections`, `signature`, `malformed`"},
)
CHAT_REFUSED = Metric(
    "relance.chat.refused",
    Kind.COUNTER,
    "{call}",
    "Calls of chats that were not taken, and answers to them that could not be posted.",
    "`signature`: somebody calls `/webhooks/slack` without the secret, or its clock differs by five minutes; "
    "`address`: a signed call wants its answer somewhere else than at Slack.",
    {"reason": "`signature`, `malformed`, `unavailable`, `address`, `unanswered`"},
)
WORKER_RSS = Metric(
    "relance.worker.rss",
    Kind.GAUGE,
    "By",
    "Resident memory of this process.",
    "Below 512 MiB always (SPEC H6), 256 MiB as a rule; no growth from day to day.",
)

METRICS: tuple[Metric, ...] = (
    MAILS,
    MAIL_DURATION,
    MAIL_WAIT,
    CLAIM_WAIT,
    GROUP_SIZE,
    GROUP_DURATION,
    FOLLOW_UPS,
    REMINDER_SKIPS,
    UNCERTAIN,
    PLAN_NOTES,
    NAMES_WITHHELD,
    ERRORS,
    BREAKER,
    JOB_RUNS,
    JOB_DURATION,
    JOB_LAST,
    ALERTS,
    ALERT_MESSAGES,
    SIGNALS_IGNORED,
    HEALTH,
    QUARANTINE,
    QUARANTINED,
    OUTBOX,
    OUTBOX_LAG,
    INTAKE,
    INTAKE_REFUSED,
    CHAT_REFUSED,
    WORKER_RSS,
)
