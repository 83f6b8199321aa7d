"""What the daily digest says, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relance.domain.channels.digest import RunEnding
from relance.domain.failures import Severity
from relance.wording.alerts.figures import Forms


@dataclass(frozen=True, slots=True)
class DigestWords:
    """The words of one language; `severities` and `endings` count, `all_ran` is said when nothing else is."""

    title: str
    quiet: Forms
    quiet_without_runs: str
    text: str
    no_alert: str
    open: Forms
    severities: Mapping[Severity, Forms]
    runs: Forms
    all_ran: str
    endings: Mapping[RunEnding, Forms]
    cycle: Forms
    low: Forms
    over: str


_ENGLISH = DigestWords(
    title="🗒️ Daily digest",
    quiet=(
        "All is quiet: one job ran, on time, and no alert is open.",
        "All is quiet: {count} jobs ran, all on time, and no alert is open.",
    ),
    quiet_without_runs="All is quiet: no alert is open, and no job was due.",
    text="This is what happened since {since}.",
    no_alert="No alert is open.",
    open=("Open alert: {found}", "Open alerts: {found}"),
    severities={
        Severity.CRITICAL: ("{count} critical",),
        Severity.HIGH: ("{count} high",),
        Severity.MEDIUM: ("{count} medium",),
        Severity.LOW: ("{count} low",),
    },
    runs=("{count} job run: {found}", "{count} job runs: {found}"),
    all_ran="all on time",
    endings={
        RunEnding.RAN: ("{count} on time",),
        RunEnding.LATE: ("{count} late ({jobs})",),
        RunEnding.FAILED: ("{count} failed ({jobs})",),
        RunEnding.SKIPPED: ("{count} skipped ({jobs})",),
    },
    cycle=(
        "Cycle {period}: {count} invitation sent, {sent} in all; {failed} failed, {open} open",
        "Cycle {period}: {count} invitations sent, {sent} in all; {failed} failed, {open} open",
    ),
    low=("{count} alert of low priority:", "{count} alerts of low priority:"),
    over="over",
)

_FRENCH = DigestWords(
    title="🗒️ Résumé du jour",
    quiet=(
        "Tout est calme\u00a0: une tâche exécutée, à l’heure, et aucune alerte ouverte.",
        "Tout est calme\u00a0: {count} tâches exécutées, toutes à l’heure, et aucune alerte ouverte.",
    ),
    quiet_without_runs="Tout est calme\u00a0: aucune alerte ouverte, et aucune tâche n’était prévue.",
    text="Voici ce qui s’est passé depuis {since}.",
    no_alert="Aucune alerte ouverte.",
    open=("Alerte ouverte\u00a0: {found}", "Alertes ouvertes\u00a0: {found}"),
    severities={
        Severity.CRITICAL: ("{count} critique", "{count} critiques"),
        Severity.HIGH: ("{count} haute", "{count} hautes"),
        Severity.MEDIUM: ("{count} moyenne", "{count} moyennes"),
        Severity.LOW: ("{count} basse", "{count} basses"),
    },
    runs=("{count} exécution de tâche\u00a0: {found}", "{count} exécutions de tâches\u00a0: {found}"),
    all_ran="à l’heure",
    endings={
        RunEnding.RAN: ("{count} à l’heure",),
        RunEnding.LATE: ("{count} en retard ({jobs})",),
        RunEnding.FAILED: ("{count} en échec ({jobs})",),
        RunEnding.SKIPPED: ("{count} sautée ({jobs})", "{count} sautées ({jobs})"),
    },
    cycle=(
        "Cycle {period}\u00a0: {count} invitation envoyée, {sent} en tout\u00a0; {failed} en échec, {open} en cours",
        "Cycle {period}\u00a0: {count} invitations envoyées, {sent} en tout\u00a0; {failed} en échec, {open} en cours",
        "Cycle {period}\u00a0: {count} d’invitations envoyées, {sent} en tout\u00a0; {failed} en échec, "
        "{open} en cours",
    ),
    low=("{count} alerte de faible priorité\u00a0:", "{count} alertes de faible priorité\u00a0:"),
    over="terminé",
)

DIGEST_WORDS: Mapping[str, DigestWords] = {"en": _ENGLISH, "fr": _FRENCH}
