"""The chat in French."""

from __future__ import annotations

from relance.domain.alerts.model import AlertEvent, AlertState, AlertSuppression
from relance.domain.conversation import Intent, Unclear
from relance.domain.cycle.control import ControlState
from relance.wording.conversation.words import ChatWords

FRENCH = ChatWords(
    asked={
        Intent.YES: "oui",
        Intent.NO: "non",
        Intent.DETAILS: "détails {name}",
        Intent.ACKNOWLEDGE: "vu {name}",
        Intent.SILENCE: "silence {name}",
        Intent.UNSILENCE: "lever le silence {name}",
        Intent.STATUS: "état {name}",
        Intent.WHY: "pourquoi {name}",
        Intent.HELP: "aide",
    },
    asked_silence="silence {name} jusqu’à {until}\u00a0: {reason}",
    silence_example="silence 4h pause connue",
    why_example="pourquoi u0003",
    not_kept="(un message que je n’ai pas compris\u00a0; ses mots ne sont pas conservés)",
    utc="{time} ({utc} UTC)",
    acknowledged_title="✔️ Pris en charge",
    acknowledged=(
        "{author} s’en occupe. Je n’en dis plus rien, sauf si cela s’aggrave ou revient.",
        "{author} s’occupe de ces {count} alertes. Je n’en dis plus rien, sauf si l’une s’aggrave ou revient.",
    ),
    already="Déjà prise en charge par {author}.",
    over="C’est terminé\u00a0: il n’y a plus rien à décider.",
    silenced_title="🔕 Mis en silence",
    silenced="{author} ne veut plus en entendre parler jusqu’à {until}\u00a0: {reason}",
    whole_rule="Cela vaut pour toutes les alertes de {rule}, aussi pour celles à venir.",
    critical="C’est critique. Si personne ne doit en entendre parler, dites-le\u00a0: silence critique 4h pause connue",
    several_rules="Ces alertes relèvent de plusieurs règles. Nommez-en une\u00a0: silence NOM 4h pause connue",
    too_long="Le nom de cette alerte est trop long pour un silence à part. Mettez sa règle en silence\u00a0: "
    "silence {rule} 4h pause connue",
    unsilenced_title="🔔 Silence levé",
    unsilenced="{author} a levé le silence. Ce qui dure encore sera annoncé de nouveau.",
    nothing_silenced="Aucun silence ne vaut pour cela.",
    wider="Un silence plus large de {author} vaut encore jusqu’à {until} ({reason})\u00a0; pour le lever\u00a0: "
    "starter.py alerts unsilence {id}",
    sorry_title="🤔 Rien de fait",
    viewer="Vous pouvez lire et demander\u00a0; pour décider, il faut le rôle d’opérateur. Rien n’a été changé.",
    left="Bien, je n’y touche pas.",
    no_offer="Mon dernier message ne proposait rien.",
    which="De quelle alerte s’agit-il\u00a0? Nommez-en une\u00a0:",
    no_alert="Aucune alerte n’est ouverte.",
    unknown_name="Je ne connais rien qui s’appelle {name}. Vérifiez l’identifiant, ou omettez-le pour parler de la "
    "dernière alerte.",
    no_answer="{dependency} ne répond pas en ce moment, je ne peux donc rien en dire. Redemandez dans une minute.",
    stored_first="Votre décision est enregistrée, mais {dependency} ne répond pas\u00a0: qui distribue les messages "
    "n’en sait peut-être rien encore. Redites-le dans une minute.",
    troubles={
        Unclear.UNKNOWN: "Je n’ai pas compris. Voici ce que je comprends\u00a0:",
        Unclear.SEVERAL: "J’y lis plusieurs demandes, ou une question sur une décision, et je n’ai rien fait. "
        "Une seule à la fois\u00a0:",
        Unclear.NEGATED: "J’y lis un non, je n’ai donc rien fait. Si vous le voulez bien, écrivez seulement\u00a0:",
        Unclear.REST: "J’ai compris «\u00a0{asked}\u00a0», mais pas tous les mots à côté, et je n’ai rien fait. "
        "Écrivez seulement\u00a0:",
        Unclear.NAMES: "Il y a là plusieurs noms. Un seul à la fois\u00a0:",
        Unclear.ADDRESS: "Écrivez des identifiants, jamais d’adresses\u00a0: rien de personnel n’est conservé ici. "
        "Par exemple\u00a0:",
        Unclear.TOO_MUCH: "C’est plus de 1 000 caractères, que je ne lis pas. Voici ce que je comprends\u00a0:",
        Unclear.END: "Jusqu’à quand\u00a0? Écrivez la fin, puis la raison\u00a0:",
        Unclear.PAST: "Cette fin est déjà passée. Écrivez-en une à venir\u00a0:",
        Unclear.TOO_FAR: "Un silence dure 90 jours au plus. Écrivez-en un plus court, à renouveler alors\u00a0:",
        Unclear.REASON: "Dites en quelques mots pourquoi, après la fin (3 à 500 caractères)\u00a0:",
    },
    help_title="💬 Ce que je comprends",
    help=(
        "oui · détails · détails default-lp\u00a0: en savoir plus sur la dernière alerte, ou celle que vous nommez",
        "vu · vu default-lp\u00a0: vous vous en occupez\u00a0; elle n’est pas répétée sauf si elle s’aggrave",
        "silence 4h pause connue · silence jusqu’à lundi 9h pause connue\u00a0: du calme pour un temps, avec la raison",
        "lever le silence",
        "pourquoi\u00a0: pourquoi la dernière alerte a été annoncée, et quand elle le sera encore",
        "pourquoi u0003 · pourquoi c00001 · pourquoi 2026-11.u0003.c00001\u00a0: pourquoi un envoi a eu lieu ou non",
        "état · état 2026-11\u00a0: où en est le cycle, et ce qui est ouvert",
    ),
    status_title="📊 État",
    cycle={
        ControlState.RUNNING: "Le cycle de {period} est en cours.",
        ControlState.PAUSED: "Le cycle de {period} est en pause{by}.",
        ControlState.CANCELLED: "Le cycle de {period} a été annulé{by}.",
        ControlState.ROLLED_BACK: "Le cycle de {period} a été repris{by}.",
    },
    counts="{sent} invitations envoyées, {skipped} omises, {failed} en échec, {open} en attente d’un essai.",
    to_go=("{count} utilisateur reste à venir.", "{count} utilisateurs restent à venir."),
    ended="Tous ceux prévus jusqu’ici ont été traités.",
    next_send=(
        "Prochain envoi\u00a0: {time}, {count} utilisateur.",
        "Prochain envoi\u00a0: {time}, {count} utilisateurs.",
    ),
    no_cycle="Rien n’est prévu pour {period}.",
    open_alerts=("{count} alerte est ouverte\u00a0:", "{count} alertes sont ouvertes\u00a0:"),
    why_title="🔎 Pourquoi\u00a0: {name}",
    why_alert_title="🔎 Pourquoi cette annonce\u00a0: {rule}",
    at_once="Gravité {severity}\u00a0: annoncée aussitôt",
    gathered="Gravité {severity}\u00a0: regroupée pendant {time}",
    daily="Gravité {severity}\u00a0: annoncée dans le résumé du jour",
    repeated="répétée toutes les {time} tant que personne ne s’en charge",
    escalated="par le second canal après {time}",
    state={
        AlertState.FIRING: "Personne ne s’en occupe encore.",
        AlertState.ACKNOWLEDGED: "{author} s’en occupe.",
        AlertState.SILENCED: "Elle est en silence jusqu’à {until}.",
        AlertState.RESOLVED: "Elle est terminée.",
    },
    events={
        AlertEvent.OPENED: "ouverte",
        AlertEvent.SEEN_AGAIN: "revue",
        AlertEvent.WORSENED: "aggravée",
        AlertEvent.ACKNOWLEDGED: "prise en charge",
        AlertEvent.SILENCED: "mise en silence",
        AlertEvent.SILENCE_ENDED: "silence levé",
        AlertEvent.RESOLVED: "terminée",
        AlertEvent.SENT: "annoncée",
        AlertEvent.SUPPRESSED: "non annoncée",
    },
    suppressed={
        AlertSuppression.UNCHANGED: "rien de nouveau",
        AlertSuppression.ACKNOWLEDGED: "prise en charge",
        AlertSuppression.SILENCED: "en silence",
        AlertSuppression.INHIBITED: "une autre alerte l’explique",
        AlertSuppression.FLAPPING: "elle va et vient",
        AlertSuppression.QUIET_HOURS: "heures calmes",
    },
    by="par {author}",
)
