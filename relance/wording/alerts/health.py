"""What is said about health and performance (SPEC H2, H5): the words of both languages, and the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.cycle.coverage import CycleState, Gap
from relance.domain.labels import clean_name
from relance.wording.alerts.figures import Figures, Forms

_DOT = " · "


@dataclass(frozen=True, slots=True)
class HealthWords:
    """The words of one language; `sentences` are by rule, `measures` by the name of a figure."""

    rules: Mapping[str, str]
    sentences: Mapping[str, str]
    troubles: Mapping[str, str]
    value: str
    performance: Forms
    performance_row: str
    measures: Mapping[str, str]
    periods: Mapping[str, str]
    plans_open: Forms
    users_without_plan: Forms
    states: Mapping[str, str]
    documents: Forms


def is_about_health(rule: str) -> bool:
    """Tell whether a rule is about health or performance."""
    return rule == Rule.PERFORMANCE or rule in ENGLISH_HEALTH.sentences


def health_row(words: HealthWords, figures: Figures, alert: AlertRecord) -> str:
    """Return the line of an alert: what it is about, the figure and its limit, or why there is none."""
    if alert.rule == Rule.PERFORMANCE:
        return _performance_row(words, figures, alert)
    if alert.rule == Rule.DOCUMENTS and (count := alert.evidence.value) is not None:
        newest = alert.labels.get("detail", "")
        return figures.counted(words.documents, count, collection=alert.subject, newest=newest)
    if alert.rule == Rule.PERIOD and alert.labels.get("detail") in words.periods:
        return _period_row(words, figures, alert)
    labels, evidence = alert.labels, alert.evidence
    trouble = labels.get("trouble", "")
    found = words.troubles.get(trouble, trouble)
    if not trouble and evidence.value is not None:
        value = figures.with_unit(evidence.value, labels.get("unit", ""))
        limited = evidence.threshold is not None and evidence.threshold > 0
        limit = figures.with_unit(evidence.threshold, labels.get("unit", "")) if evidence.threshold else ""
        found = words.value.format(value=value, limit=limit) if limited else value
    return _DOT.join(filter(None, [alert.subject, clean_name(labels.get("detail", "")), found]))


def _performance_row(words: HealthWords, figures: Figures, alert: AlertRecord) -> str:
    """Return the line of a job that got worse: the figure, what it usually is, and by which factor."""
    labels, evidence = alert.labels, alert.evidence
    unit = labels.get("unit", "")
    return words.performance_row.format(
        job=labels.get("job", alert.subject),
        figure=words.measures.get(labels.get("figure", ""), labels.get("figure", "")),
        current=figures.with_unit(evidence.current or Decimal(0), unit),
        baseline=figures.with_unit(evidence.baseline or Decimal(0), unit),
        factor=figures.plain(evidence.value or Decimal(0)),
    )


def _period_row(words: HealthWords, figures: Figures, alert: AlertRecord) -> str:
    """Return the line of a period: what it lacks, and the command that mends it."""
    reason, count = alert.labels.get("reason", ""), alert.evidence.value or Decimal(0)
    said = words.periods[alert.labels["detail"]].format(
        period=alert.subject,
        plans_open=figures.counted(words.plans_open, count),
        users_without_plan=figures.counted(words.users_without_plan, count),
        state=words.states.get(reason, reason),
    )
    return _DOT.join([alert.subject, said])


ENGLISH_HEALTH = HealthWords(
    rules={
        Rule.MONGODB: "MongoDB",
        Rule.MAIL_RELAY: "Mail Relay",
        Rule.TEMPORAL: "Temporal",
        Rule.QUEUES: "Task Backlog",
        Rule.WORKERS: "Missing Workers",
        Rule.STUCK: "Stuck Workflows",
        Rule.MISSED_ACTIONS: "Missed Schedule",
        Rule.BREAKERS: "Open Breaker",
        Rule.MEMORY: "Worker Memory",
        Rule.DATABASE_DISK: "Database Disk",
        Rule.WORKER_DISK: "Worker Disk",
        Rule.OVERDUE: "Overdue Reminders",
        Rule.FOLLOW_UPS: "Missing Follow-Ups",
        Rule.JOB_RUNS: "Stale Jobs",
        Rule.PERIOD: "Uncovered Period",
        Rule.DOCUMENTS: "Unreadable Documents",
        Rule.OUTBOX: "Late Notices",
        Rule.INTAKE: "Mail Intake",
        Rule.PERFORMANCE: "Performance",
    },
    sentences={
        Rule.MONGODB: "MongoDB fails or is too slow: nothing can be recorded, so nothing is sent",
        Rule.MAIL_RELAY: "the mail relay fails or is too slow: mails wait",
        Rule.TEMPORAL: "Temporal fails or is too slow: workflows wait",
        Rule.QUEUES: "work has been waiting in a task queue for too long",
        Rule.WORKERS: "nobody does the work of a task queue: start a worker",
        Rule.STUCK: "workflows do not get on: their code fails, or they have been open for too long",
        Rule.MISSED_ACTIONS: "a Schedule passed over nominal times while the server was away; they are not made up for",
        Rule.BREAKERS: "a mail provider or a chat keeps failing and is left alone for now; its messages wait",
        Rule.MEMORY: "a worker process uses too much memory",
        Rule.DATABASE_DISK: "the database's disk is filling up",
        Rule.WORKER_DISK: "a worker's disk is filling up",
        Rule.OVERDUE: "reminders should have been sent by now and were not",
        Rule.FOLLOW_UPS: "invitations were sent and nobody holds their reminders",
        Rule.JOB_RUNS: "a scheduled job has not done its work since its last nominal time",
        Rule.DOCUMENTS: "some documents cannot be read and are left out; everything else goes on",
        Rule.OUTBOX: "events are in the database, and the follow-ups have not been notified of them",
        Rule.INTAKE: "the mail intake takes nothing: delivery reports and unsubscribe mails wait in the mail server",
        Rule.PERIOD: "a month's invitations will not go out, or not to everybody, if nobody acts",
    },
    troubles={
        "unreachable": "does not answer",
        "timeout": "does not answer in time",
        "refused": "refuses us",
        "error": "could not be looked at",
    },
    value="{value} (limit {limit})",
    performance=("one figure of a job got clearly worse", "{count} figures of jobs got clearly worse"),
    performance_row="{job} · {figure} {current} · usually {baseline} · worse by a factor of {factor}",
    measures={
        "duration_s": "duration",
        "rate": "rate",
        "success_rate": "success rate",
        "rss_mb": "memory",
        "mongo_ms": "MongoDB's write time",
        "smtp_ms": "the relay's answer time",
        "temporal_ms": "Temporal's answer time",
        "everflow_ms": "Everflow's answer time",
    },
    periods={
        Gap.NO_CYCLE: "the period {period} has no cycle · open it: `starter.py start cycle --period {period}`",
        Gap.ENDED_UNPLANNED: "the cycle of {period} was ended by hand ({state}) before it planned · "
        "go on: `starter.py start cycle --period {period}`, or end it for good: "
        "`starter.py cycle cancel {period} --reason ...`",
        Gap.ENDED_BY_HAND: "the cycle of {period} was ended by hand ({state}) with {plans_open} · "
        "go on: `starter.py start cycle --period {period}`, or end it for good: "
        "`starter.py cycle cancel {period} --reason ...`",
        Gap.CYCLE_FAILED: "the cycle of {period} ended with an error ({state}) and {plans_open} · "
        "look at it in Temporal Web, then go on: `starter.py start cycle --period {period}`",
        Gap.NO_PLANS: "the cycle of {period} runs and has no plans · "
        "see that a worker serves relance-invitations, and look at cycle/{period} in Temporal Web",
        Gap.WITHOUT_PLAN: "at least {users_without_plan} for {period} · "
        "see that a worker serves relance-invitations, and look at cycle/{period} in Temporal Web",
    },
    plans_open=("{count} plan open", "{count} plans open"),
    users_without_plan=("{count} user has no plan", "{count} users have no plan"),
    states={
        CycleState.TERMINATED: "terminated",
        CycleState.CANCELLED: "cancelled",
        CycleState.FAILED: "failed",
        CycleState.TIMED_OUT: "timed out",
    },
    documents=(
        "{collection} · {count} document, found {newest} UTC · look: `starter.py quarantine list --collection "
        "{collection}`",
        "{collection} · {count} documents, the newest found {newest} UTC · look: `starter.py quarantine list "
        "--collection {collection}`",
    ),
)

FRENCH_HEALTH = HealthWords(
    rules={
        Rule.MONGODB: "MongoDB",
        Rule.MAIL_RELAY: "Relais de courrier",
        Rule.TEMPORAL: "Temporal",
        Rule.QUEUES: "Travail en attente",
        Rule.WORKERS: "Workers manquants",
        Rule.STUCK: "Workflows bloqués",
        Rule.MISSED_ACTIONS: "Planification manquée",
        Rule.BREAKERS: "Disjoncteur ouvert",
        Rule.MEMORY: "Mémoire d’un worker",
        Rule.DATABASE_DISK: "Disque de la base",
        Rule.WORKER_DISK: "Disque d’un worker",
        Rule.OVERDUE: "Relances en retard",
        Rule.FOLLOW_UPS: "Suivis manquants",
        Rule.JOB_RUNS: "Tâches en retard",
        Rule.PERIOD: "Mois non assuré",
        Rule.DOCUMENTS: "Documents illisibles",
        Rule.OUTBOX: "Notifications en retard",
        Rule.INTAKE: "Réception du courrier",
        Rule.PERFORMANCE: "Performance",
    },
    sentences={
        Rule.MONGODB: "MongoDB échoue ou est trop lent\u00a0: rien ne peut être enregistré, donc rien n’est envoyé",
        Rule.MAIL_RELAY: "le relais de courrier échoue ou est trop lent\u00a0: les courriels attendent",
        Rule.TEMPORAL: "Temporal échoue ou est trop lent\u00a0: les workflows attendent",
        Rule.QUEUES: "du travail attend depuis trop longtemps dans une file",
        Rule.WORKERS: "personne ne fait le travail d’une file\u00a0: il faut démarrer un worker",
        Rule.STUCK: "des workflows n’avancent plus\u00a0: leur code échoue, ou ils sont ouverts depuis trop longtemps",
        Rule.MISSED_ACTIONS: "des exécutions prévues sont passées pendant que le serveur était absent, "
        "elles ne seront pas rattrapées",
        Rule.BREAKERS: "un fournisseur de messagerie ou un chat échoue sans cesse, "
        "je le laisse tranquille pour l’instant et ses messages attendent",
        Rule.MEMORY: "un worker utilise trop de mémoire",
        Rule.DATABASE_DISK: "le disque de la base de données se remplit",
        Rule.WORKER_DISK: "le disque d’un worker se remplit",
        Rule.OVERDUE: "des relances auraient dû partir et ne sont pas parties",
        Rule.FOLLOW_UPS: "des invitations sont parties et personne ne s’occupe de leurs relances",
        Rule.JOB_RUNS: "une tâche planifiée n’a pas fait son travail depuis sa dernière échéance",
        Rule.DOCUMENTS: "des documents sont illisibles et laissés de côté, tout le reste continue",
        Rule.OUTBOX: "des événements sont dans la base et les suivis n’en sont pas informés",
        Rule.INTAKE: "la réception du courrier ne prend rien\u00a0: rapports de remise et désinscriptions par courriel "
        "attendent dans le serveur de messagerie",
        Rule.PERIOD: "les invitations d’un mois ne partiront pas, ou pas pour tous, si personne n’agit",
    },
    troubles={
        "unreachable": "ne répond pas",
        "timeout": "ne répond pas à temps",
        "refused": "nous refuse",
        "error": "n’a pas pu être examiné",
    },
    value="{value} (limite {limit})",
    performance=(
        "une mesure d’une tâche s’est nettement dégradée",
        "{count} mesures de tâches se sont nettement dégradées",
    ),
    performance_row="{job} · {figure} {current} · d’habitude {baseline} · moins bien d’un facteur {factor}",
    measures={
        "duration_s": "durée",
        "rate": "débit",
        "success_rate": "taux de réussite",
        "rss_mb": "mémoire",
        "mongo_ms": "temps d’écriture de MongoDB",
        "smtp_ms": "temps de réponse du relais",
        "temporal_ms": "temps de réponse de Temporal",
        "everflow_ms": "temps de réponse d’Everflow",
    },
    periods={
        Gap.NO_CYCLE: "le mois {period} n’a pas de cycle · pour l’ouvrir\u00a0: "
        "`starter.py start cycle --period {period}`",
        Gap.ENDED_UNPLANNED: "le cycle de {period} a été arrêté à la main ({state}) avant d’avoir planifié · "
        "pour continuer\u00a0: `starter.py start cycle --period {period}`, "
        "pour en finir\u00a0: `starter.py cycle cancel {period} --reason ...`",
        Gap.ENDED_BY_HAND: "le cycle de {period} a été arrêté à la main ({state}), {plans_open} · "
        "pour continuer\u00a0: `starter.py start cycle --period {period}`, "
        "pour en finir\u00a0: `starter.py cycle cancel {period} --reason ...`",
        Gap.CYCLE_FAILED: "le cycle de {period} s’est terminé sur une erreur ({state}), {plans_open} "
        "· il faut le regarder dans Temporal Web, puis continuer\u00a0: `starter.py start cycle --period {period}`",
        Gap.NO_PLANS: "le cycle de {period} tourne et n’a aucun plan · "
        "vérifiez qu’un worker sert relance-invitations, et regardez cycle/{period} dans Temporal Web",
        Gap.WITHOUT_PLAN: "au moins {users_without_plan} pour {period} · "
        "vérifiez qu’un worker sert relance-invitations, et regardez cycle/{period} dans Temporal Web",
    },
    plans_open=("{count} plan reste ouvert", "{count} plans restent ouverts", "{count} de plans restent ouverts"),
    users_without_plan=(
        "{count} utilisateur n’a pas de plan",
        "{count} utilisateurs n’ont pas de plan",
        "{count} d’utilisateurs n’ont pas de plan",
    ),
    states={
        CycleState.TERMINATED: "terminate",
        CycleState.CANCELLED: "cancel",
        CycleState.FAILED: "échec",
        CycleState.TIMED_OUT: "délai dépassé",
    },
    documents=(
        "{collection} · {count} document, trouvé le {newest} UTC · pour voir\u00a0: `starter.py quarantine list "
        "--collection {collection}`",
        "{collection} · {count} documents, le plus récent trouvé le {newest} UTC · pour voir\u00a0: "
        "`starter.py quarantine list --collection {collection}`",
    ),
)
