"""French; the spaces before `:`, `?`, `%` do not break, as its typography wants."""

from __future__ import annotations

from relance.wording.alerts.figures import FRENCH as FIGURES
from relance.wording.nouns import FRENCH_NOUNS
from relance.wording.reports.words import CycleWords, ReminderWords, ReportWords

FRENCH = ReportWords(
    figures=FIGURES,
    nouns=FRENCH_NOUNS,
    cycle=CycleWords(
        title="📬 Cycle {period}\u00a0: le bilan",
        title_unbalanced="🚨 Cycle {period}\u00a0: le compte n’est pas juste",
        sent=(
            "{count} invitation sur {eligible} a été envoyée.",
            "{count} invitations sur {eligible} ont été envoyées.",
            "{count} d’invitations sur {eligible} ont été envoyées.",
        ),
        took=(
            "L’envoi a duré {time}, à {rate} courriel par seconde.",
            "L’envoi a duré {time}, à {rate} courriels par seconde.",
        ),
        balanced="Chaque contact est compté.",
        unbalanced=(
            "{count} contact n’est pas compté.",
            "{count} contacts ne sont pas comptés.",
            "{count} de contacts ne sont pas comptés.",
        ),
        open=(
            "{count} courriel n’a pas encore d’issue.",
            "{count} courriels n’ont pas encore d’issue.",
            "{count} de courriels n’ont pas encore d’issue.",
        ),
        plans_open=(
            "{count} utilisateur n’a rien reçu.",
            "{count} utilisateurs n’ont rien reçu.",
            "{count} d’utilisateurs n’ont rien reçu.",
        ),
        plans_unreadable=(
            "{count} utilisateur a été laissé de côté, car son plan est illisible.",
            "{count} utilisateurs ont été laissés de côté, car leurs plans sont illisibles.",
        ),
        documents_unreadable=(
            "{count} document n’a pas pu être lu ({listed}).",
            "{count} documents n’ont pas pu être lus ({listed}).",
        ),
        users_too_late=(
            "{count} utilisateur n’a rien reçu, car son heure d’envoi a été manquée de trop longtemps.",
            "{count} utilisateurs n’ont rien reçu, car leurs heures d’envoi ont été manquées de trop longtemps.",
        ),
        nobody="Personne n’a reçu de courriel.",
        title_lost="🚨 Cycle {period} : des personnes n’ont rien reçu",
        changed=(
            "Par rapport à {before}, {count} chiffre a changé plus que d’habitude (⚠️).",
            "Par rapport à {before}, {count} chiffres ont changé plus que d’habitude (⚠️).",
        ),
        first="Il n’y a pas de mois précédent auquel le comparer.",
        labels={
            "eligible": "éligibles",
            "sent": "envoyées",
            "uncertain": "incertaines",
            "cancelled": "annulées",
            "skipped": "non envoyées\u00a0: {reason}",
            "failed": "échouées\u00a0: {reason}",
            "duration_s": "de l’ouverture à la fin",
            "sending_s": "temps d’envoi",
            "per_second": "débit",
            "slowest_batch_s": "lot le plus lent",
            "rss_peak_mb": "mémoire au plus haut",
            "success_rate": "taux de réussite",
        },
        reasons={
            "user_missing": "utilisateur introuvable",
            "user_inactive": "utilisateur inactif",
            "contact_missing": "contact introuvable",
            "contact_pending": "contact non confirmé",
            "contact_opted_out": "désinscrit",
            "contact_bounced": "retour antérieur",
            "contact_blocked": "contact bloqué",
            "suppressed": "adresse exclue",
            "address_invalid": "adresse invalide",
            "duplicate_address": "adresse en double",
            "contact_limit": "au-delà du nombre de contacts retenu",
            "mailbox_limit": "boîte déjà invitée par assez d’utilisateurs",
            "too_late": "trop tard",
            "unreadable": "plan illisible",
            "before_start": "avant la mise en service",
            "joined_after_send_time": "inscrit plus tard",
            "contact_added_later": "ajouté après l’envoi",
            "submitted": "déjà répondu",
            "bounced": "non distribué",
            "opted_out": "désinscrit à temps",
            "complained": "plainte",
            "hard_recipient": "boîte inexistante",
            "soft_recipient": "boîte pleine ou fermée",
            "throttled": "limite du fournisseur",
            "sender_fault": "faute de notre part",
            "content": "taille ou forme",
            "transport": "serveur injoignable",
            "unsupported": "adresse non prise en charge",
        },
        per_second="{rate} par seconde",
        chart_not_sent="Invitations non envoyées",
        chart_months="Invitations envoyées par mois",
    ),
    reminders=ReminderWords(
        kinds={"first": "Première relance", "second": "Seconde relance"},
        by_hour="{kind}\u00a0: réponses selon l’heure locale d’envoi",
        by_weekday="{kind}\u00a0: réponses selon le jour d’envoi",
        lift="Relancés et non relancés",
        rest="reste",
        note="réponses sous 72 heures, avec intervalles à 95\u00a0%",
        reminded="relancés",
        held_out="non relancés",
    ),
)
