"""The words of the page *Mails*."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "mails.title": "Mails",
    "mails.navigation": "Mails",
    "mails.choose": "Which mail, and to whom",
    "mails.template": "Mail",
    "mails.kind.invitation": "Invitation",
    "mails.kind.first": "First reminder",
    "mails.kind.second": "Second reminder",
    "mails.kind.correction": "Correction",
    "mails.language": "Language",
    "mails.contact": "Contact id",
    "mails.sample": "a sample person",
    "mails.show": "Show",
    "mails.looks": "The mail at two widths",
    "mails.at": "{width} pixels wide",
    "mails.text": "Text part",
    "mails.headers": "Headers",
    "mails.size": "{kib} KiB in all. The links do nothing.",
    "mails.missing": "No mail goes to a contact of this id: there is none, its user is gone, or its address cannot be "
    "written to. Leave the field empty for a sample person.",
    "mails.broken": "The templates are wrong, so no mail can be written: see the checks below.",
    "mails.checks": "Checks of the templates",
    "mails.folder": "Folder {folder}, as it was read when this process was first asked.",
    "mails.no_folder": "Relance's own texts. A folder of your own (RELANCE_MAIL__TEMPLATES) adds logo, colours and legal "
    "notice: see docs/mails.md.",
    "mails.fine": "Every mail can be written, and nothing is wrong.",
    "mails.state.wrong": "wrong",
    "mails.state.warning": "warning",
    "mails.trial": "Send me a trial",
    "mails.trial.text": "Goes over the real relay. Its subject says that it is a trial, it shows people who do not exist, "
    "its links do nothing, and no ledger knows of it.",
    "mails.to": "My address",
    "mails.send": "Send the trial",
    "done.mails.trial": "The relay has taken the trial.",
}

FRENCH: Mapping[str, str] = {
    "mails.title": "Messages",
    "mails.navigation": "Messages",
    "mails.choose": "Quel message, et à qui",
    "mails.template": "Message",
    "mails.kind.invitation": "Invitation",
    "mails.kind.first": "Premier rappel",
    "mails.kind.second": "Second rappel",
    "mails.kind.correction": "Rectification",
    "mails.language": "Langue",
    "mails.contact": "Identifiant du contact",
    "mails.sample": "une personne fictive",
    "mails.show": "Afficher",
    "mails.looks": "Le message en deux largeurs",
    "mails.at": "{width} pixels de large",
    "mails.text": "Version texte",
    "mails.headers": "En-têtes",
    "mails.size": "{kib} Kio en tout. Les liens ne font rien.",
    "mails.missing": "Aucun message ne va à ce contact : il n’existe pas, son utilisateur n’existe plus, ou son adresse est "
    "inutilisable. Laissez le champ vide pour une personne fictive.",
    "mails.broken": "Les modèles sont erronés, aucun message ne peut être écrit : voir les contrôles ci-dessous.",
    "mails.checks": "Contrôles des modèles",
    "mails.folder": "Dossier {folder}, tel qu’il a été lu à la première demande faite à ce processus.",
    "mails.no_folder": "Les textes de Relance. Un dossier à vous (RELANCE_MAIL__TEMPLATES) ajoute logo, couleurs et "
    "mentions légales : voir docs/mails.md.",
    "mails.fine": "Chaque message peut être écrit, et rien n’est à corriger.",
    "mails.state.wrong": "erreur",
    "mails.state.warning": "attention",
    "mails.trial": "M’envoyer un essai",
    "mails.trial.text": "Part par le vrai relais. L’objet dit que c’est un essai, les personnes sont fictives, les liens ne "
    "font rien, et aucun registre n’en garde trace.",
    "mails.to": "Mon adresse",
    "mails.send": "Envoyer l’essai",
    "done.mails.trial": "Le relais a accepté l’essai.",
}
