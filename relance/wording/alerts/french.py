"""French; the spaces before `:`, `?`, `%` and within « » do not break, as its typography wants."""

from __future__ import annotations

from relance.domain.alerts.delivery import NotificationKind
from relance.domain.alerts.model import Rule
from relance.wording.alerts.figures import FRENCH as FIGURES
from relance.wording.alerts.health import FRENCH_HEALTH
from relance.wording.alerts.nouns import FRENCH_NOUNS
from relance.wording.alerts.words import Words

FRENCH = Words(
    code="fr",
    figures=FIGURES,
    nouns=FRENCH_NOUNS,
    quoted="«\u00a0{text}\u00a0»",
    partner="partenaire {name}",
    rules={
        Rule.DEFAULT_LP: "Page par défaut",
        Rule.PAUSED_PARTNER: "Partenaire en pause",
        Rule.NO_DATA: "Pas de données",
        Rule.EVERFLOW_DOWN: "Everflow indisponible",
        Rule.CYCLE_IMBALANCE: "Cycle déséquilibré",
        Rule.CYCLE_LEFT: "Cycle interrompu",
        Rule.CYCLE_WAVES: "Trop de vagues",
        Rule.PLANS_UNREADABLE: "Plans illisibles",
        Rule.TOO_LATE: "Heures d’envoi manquées",
        Rule.NOBODY: "Personne n’a reçu de courriel",
        Rule.SEND_TIMES: "Heures d’envoi invalides",
        Rule.CYCLE_STOPPED: "Cycle arrêté",
        Rule.RECONCILIATION: "Réconciliation",
        Rule.JOB_MISSED: "Tâche manquée",
        **FRENCH_HEALTH.rules,
    },
    alert="Alerte\u00a0: {rule}",
    titles={
        NotificationKind.FIRING: "{alert}",
        NotificationKind.WORSENED: "{alert} (aggravation)",
        NotificationKind.REPEAT: "{alert} (toujours en cours)",
        NotificationKind.ESCALATION: "{alert} (sans réponse)",
        NotificationKind.FLAPPING: "{rule}\u00a0: va et vient",
        NotificationKind.RESOLVED: "{rule}\u00a0: résolu",
        NotificationKind.DIGEST: "{rule}\u00a0: résumé du jour",
    },
    prefaces={
        NotificationKind.WORSENED: "La situation s’est aggravée depuis mon dernier message.",
        NotificationKind.REPEAT: "C’est toujours en cours, depuis {time}.",
        NotificationKind.ESCALATION: "Personne n’a encore répondu\u00a0; c’est en cours depuis {time}.",
    },
    detected="J’ai détecté un problème possible lors de mon contrôle {part}\u00a0: {found}.",
    parts_of_day=("du matin", "de l’après-midi", "du soir"),
    yesterday="hier",
    on_day="le {day}",
    from_to="du {days}",
    default_lp=(
        "{count} page d’atterrissage nommée {match} a reçu plus de {clicks} {days}",
        "{count} pages d’atterrissage nommées {match} ont reçu plus de {clicks} {days}",
    ),
    paused_partner=(
        "{count} partenaire a perdu plus de {threshold} de son revenu {days} par rapport aux mêmes jours une semaine "
        "plus tôt",
        "{count} partenaires ont perdu plus de {threshold} de leur revenu {days} par rapport aux mêmes jours une "
        "semaine plus tôt",
    ),
    no_data=(
        "je n’ai pas pu terminer le contrôle {check}{days}\u00a0: {reason}. Cela ne veut pas dire que tout va bien",
        "je n’ai pas pu terminer {count} contrôles. Cela ne veut pas dire que tout va bien",
    ),
    cycle_imbalance=(
        "le compte d’un cycle n’est pas juste\u00a0: des invitations manquent ou sont comptées deux fois",
        "les comptes de {count} cycles ne sont pas justes\u00a0: des invitations manquent ou sont comptées deux fois",
    ),
    cycle_stopped=(
        "j’ai mis un cycle en pause à cause de ses erreurs, il reprendra quand quelqu’un l’aura décidé",
        "j’ai mis {count} cycles en pause à cause de leurs erreurs, ils reprendront quand quelqu’un l’aura décidé",
    ),
    cycle_left=(
        "le cycle d’un mois a été arrêté avant la fin de son travail, et ne reprend pas de lui-même",
        "les cycles de {count} mois ont été arrêtés avant la fin de leur travail, et ne reprennent pas d’eux-mêmes",
    ),
    cycle_waves=(
        "un cycle lance bien plus de vagues que ses plans ne l’expliquent ; je le fais attendre jusqu’à la fin de "
        "l’heure",
        "{count} cycles lancent bien plus de vagues que leurs plans ne l’expliquent ; je les fais attendre jusqu’à "
        "la fin de l’heure",
    ),
    plans_unreadable=(
        "je n’ai pas pu lire certains plans d’un mois et je les ai terminés : ces utilisateurs ne reçoivent pas "
        "d’invitation",
        "je n’ai pas pu lire certains plans de {count} mois et je les ai terminés : ces utilisateurs ne reçoivent "
        "pas d’invitation",
    ),
    too_late=(
        "des heures d’envoi d’un mois ont été manquées de trop longtemps pour être rattrapées : ces utilisateurs ne "
        "reçoivent pas d’invitation",
        "des heures d’envoi de {count} mois ont été manquées de trop longtemps pour être rattrapées : ces utilisateurs "
        "ne reçoivent pas d’invitation",
    ),
    nobody=(
        "le cycle d’un mois est terminé et n’a écrit à personne",
        "les cycles de {count} mois sont terminés et n’ont écrit à personne",
    ),
    send_times=(
        "le jour, l’heure ou le fuseau horaire de certains utilisateurs n’est pas valide, la valeur par défaut compte",
        "le jour, l’heure ou le fuseau horaire de certains utilisateurs n’est pas valide pour {count} mois, la valeur "
        "par défaut compte",
    ),
    everflow_down=(
        "Everflow ne répond pas, ses contrôles sont suspendus",
        "Everflow ne répond pas, ses contrôles sont suspendus",
    ),
    job_missed=(
        "une tâche planifiée n’a pas fait son travail",
        "{count} tâches planifiées n’ont pas fait leur travail",
    ),
    reconciliation=(
        "les suivis et le registre n’étaient pas d’accord\u00a0; j’ai réparé ce que j’ai pu",
        "les suivis et le registre n’étaient pas d’accord\u00a0; j’ai réparé ce que j’ai pu",
    ),
    other=("{count} constat demande un coup d’œil", "{count} constats demandent un coup d’œil"),
    resolved=(
        "C’est terminé. Il n’y a plus rien à faire.",
        "Ces {count} alertes sont terminées. Il n’y a plus rien à faire.",
    ),
    flapping=(
        "Cela va et vient. J’écrirai moins souvent jusqu’à ce que cela se stabilise.",
        "Ces {count} alertes vont et viennent. J’écrirai moins souvent jusqu’à ce que cela se stabilise.",
    ),
    digest=("{count} point de faible priorité depuis mon dernier résumé.",
            "{count} points de faible priorité depuis mon dernier résumé."),
    account="compte {status}",
    statuses={"active": "actif", "inactive": "inactif", "pending": "en attente", "suspended": "suspendu"},
    reasons={
        "missed": "aucun worker n’était là à temps",
        "error": "le contrôle lui-même a échoué",
        "unavailable": "Everflow n’a pas répondu",
        "refused": "Everflow a refusé la demande",
        "unreadable": "la réponse est illisible",
        "too_large": "la réponse est trop grande",
        "error_body": "Everflow a répondu par une erreur",
        "shape": "la réponse n’est pas un rapport",
        "columns": "le rapport a d’autres colonnes que celles demandées",
        "value": "le rapport contient un chiffre illisible",
        "truncated": "le rapport est tronqué",
        "repeated": "le rapport répète des lignes",
        "dates": "le rapport porte sur d’autres jours",
        "days": "il manque un jour dans le rapport",
        "totals": "il manque des lignes dans le rapport",
    },
    unknown_reason="le rapport n’est pas fiable",
    stopped_row="cycle {period} · {users} avec un échec définitif parmi les {results} derniers courriels",
    stopped_fault="cycle {period} · rien ne peut partir avec notre propre configuration ({fault})",
    cycle_row="cycle {period} · éligibles\u00a0: {eligible} · comptées\u00a0: {accounted} · écart\u00a0: {difference}",
    unsent_row="cycle {period} · {users} sans envoi · pour reprendre : "
    "starter.py start cycle --period {period}",
    left_row="cycle {period} · {users} sans envoi · pour reprendre : "
    "starter.py start cycle --period {period} · pour en finir : starter.py cycle cancel {period} --reason ...",
    waves_row="cycle {period} · {waves} en une heure (limite {limit})",
    unreadable_row="cycle {period} · {plans}, chacun avec sa raison dans la quarantaine",
    too_late_row="cycle {period} · {users} sans courriel · {contacts}",
    nobody_row="cycle {period} · {contacts}, aucun courriel · pourquoi : starter.py cycle report {period}",
    send_times_row="cycle {period} · {users} · {notes}",
    send_time_notes={
        "day_invalid": "{count} × jour du mois",
        "time_invalid": "{count} × heure",
        "zone_unknown": "{count} × fuseau horaire",
    },
    job_row="{job} · {nominal} UTC · {state}",
    job_states={
        "failed": "elle a échoué",
        "skipped(missed)": "rien ne s’est exécuté, et il est trop tard pour la rattraper",
        "skipped(no worker in time)": "aucun exécutant n’était là à temps",
    },
    reconciled={
        "follow_ups_restarted": ("{count} suivi manquait, relancé", "{count} suivis manquaient, relancés"),
        "reminders_woken": ("{count} courriel en retard, son suivi rappelé",
                            "{count} courriels en retard, leurs suivis rappelés"),
        "plans_finished": ("{count} plan abandonné, terminé", "{count} plans abandonnés, terminés"),
        "alert_groups_restarted": ("{count} groupe d’alertes arrêté à la main, relancé",
                                   "{count} groupes d’alertes arrêtés à la main, relancés"),
        "rollbacks_restarted": ("{count} annulation interrompue, relancée",
                                "{count} annulations interrompues, relancées"),
        "reports_restarted": ("{count} bilan interrompu, relancé", "{count} bilans interrompus, relancés"),
        "cycles_ended": ("{count} cycle annulé interrompu, mené à son terme",
                         "{count} cycles annulés interrompus, menés à leur terme"),
        "cycles_told": ("{count} cycle ignorait sa consigne, averti à nouveau",
                        "{count} cycles ignoraient leur consigne, avertis à nouveau"),
        "plans_stuck": ("{count} utilisateur sans envoi\u00a0: démarrez le cycle à nouveau",
                        "{count} utilisateurs sans envoi\u00a0: démarrez le cycle à nouveau"),
    },
    value="{value} (limite {threshold})",
    after="après {duration}",
    over="terminé",
    offer="Voulez-vous plus de détails\u202f?",
    details="Détails\u00a0: {rule}",
    detail_rule="Règle\u00a0: {rule}, gravité {severity}",
    detail_threshold="Seuil\u00a0: plus de {threshold}",
    detail_window="Jours examinés\u00a0: {days}, {zone} ({start} – {end} UTC)",
    detail_baseline="Comparés à\u00a0: {days}, {zone} ({start} – {end} UTC)",
    detail_since="En cours depuis\u00a0: {time} ({utc} UTC)",
    detail_repeat="Prochain rappel\u00a0: {time}",
    detail_ack="Pour s’en charger\u00a0: starter.py alerts ack {key}",
    detail_silence="Pour faire taire\u00a0: starter.py alerts silence {key} --for 4h --reason \"...\"",
    detail_more="… et {count} de plus\u00a0: starter.py alerts list",
    runbook="Que faire\u00a0: {url}",
    chart_title="Revenu par partenaire",
    chart_part="Revenu\u00a0: les {shown} plus fortes baisses sur {count}",
    health=FRENCH_HEALTH,
)  # fmt: skip
