"""The words of the page *Chat*; what is said in it stands in `relance.wording.conversation`."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "chat.title": "Chat",
    "chat.navigation": "Chat",
    "chat.log": "The conversation",
    "chat.agent": "Agent",
    "chat.message_of": "Message of {author}",
    "chat.say": "Your message",
    "chat.send": "Send",
    "chat.hint": "Understood are: yes, details, ack, silence 4h known pause, unsilence, why, why u0003, status, help. "
    "Your words are not kept, only what was understood.",
    "chat.hint_viewer": "Understood are: yes, details, why, why u0003, status, help. Your words are not kept, only what "
    "was understood.",
    "chat.meant": "The alert you came for",
    "chat.unknown_alert": "There is no alert and no group called {name}.",
    "chat.whole": "To the whole chat",
    "chat.older": "Older messages",
    "chat.newest": "To the newest messages",
    "chat.empty": "Nothing has been said yet. Alerts and reports appear here; write “help” to see what can be asked.",
    "chat.no_inbox": "Alerts and reports are not posted here: the inbox is not among the channels. Add it to "
    "RELANCE_CHANNELS__ALWAYS.",
    "chat.more_rows.one": "and {count} more",
    "chat.more_rows.other": "and {count} more",
    "chat.via.console": "in the console",
    "chat.via.slack": "in Slack",
    "chat.answers": "Answer",
    "chat.details": "Details",
    "chat.why": "Why",
    "chat.acknowledge": "Acknowledge",
    "chat.silence": "Silence …",
    "chat.silence_now": "Silence",
    "chat.unsilence": "End the silence",
    "chat.until": "until",
    "chat.end": "For how long, or until when",
    "chat.end_hint": "4h, 2 days, until tomorrow 9:00, until Monday 9:00",
    "chat.reason": "Reason",
    "chat.reason_hint": "Kept with the silence; ids, no names of people.",
    "chat.critical": "It is critical, and nobody shall hear of it.",
    "chat.whole_rule": "This silences every alert of the rule {rule}, also those to come.",
}

FRENCH: Mapping[str, str] = {
    "chat.title": "Chat",
    "chat.navigation": "Chat",
    "chat.log": "La conversation",
    "chat.agent": "Agent",
    "chat.message_of": "Message de {author}",
    "chat.say": "Votre message",
    "chat.send": "Envoyer",
    "chat.hint": "Je comprends : oui, détails, vu, silence 4h pause connue, lever le silence, pourquoi, pourquoi u0003, "
    "état, aide. Vos mots ne sont pas conservés, seulement ce qui a été compris.",
    "chat.hint_viewer": "Je comprends : oui, détails, pourquoi, pourquoi u0003, état, aide. Vos mots ne sont pas "
    "conservés, seulement ce qui a été compris.",
    "chat.meant": "L’alerte qui vous amène",
    "chat.unknown_alert": "Aucune alerte et aucun groupe ne s’appelle {name}.",
    "chat.whole": "Vers tout le chat",
    "chat.older": "Messages plus anciens",
    "chat.newest": "Vers les derniers messages",
    "chat.empty": "Rien n’a encore été dit. Les alertes et les rapports arrivent ici ; écrivez « aide » pour voir ce "
    "qui peut être demandé.",
    "chat.no_inbox": "Les alertes et les rapports n’arrivent pas ici : la boîte interne (inbox) ne figure pas parmi les "
    "canaux. Ajoutez-la à RELANCE_CHANNELS__ALWAYS.",
    "chat.more_rows.one": "et {count} de plus",
    "chat.more_rows.other": "et {count} de plus",
    "chat.via.console": "dans la console",
    "chat.via.slack": "dans Slack",
    "chat.answers": "Répondre",
    "chat.details": "Détails",
    "chat.why": "Pourquoi",
    "chat.acknowledge": "Je m’en occupe",
    "chat.silence": "Silence …",
    "chat.silence_now": "Mettre en silence",
    "chat.unsilence": "Lever le silence",
    "chat.until": "jusqu’à",
    "chat.end": "Combien de temps, ou jusqu’à quand",
    "chat.end_hint": "4h, 2 jours, jusqu’à demain 9h, jusqu’à lundi 9h",
    "chat.reason": "Raison",
    "chat.reason_hint": "Conservée avec le silence ; des identifiants, pas de noms de personnes.",
    "chat.critical": "C’est critique, et personne ne doit en entendre parler.",
    "chat.whole_rule": "Cela met en silence toutes les alertes de la règle {rule}, aussi celles à venir.",
}
