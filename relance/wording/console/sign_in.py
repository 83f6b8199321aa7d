"""The words of signing in and out."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "sign_in.title": "Sign in",
    "sign_in.offered": "This link signs you in once as {name}, with the role {role}.",
    "sign_in.button": "Sign in",
    "sign_in.how": "Ask for a sign-in link on the machine that runs Relance, and open it here within ten minutes:",
    "sign_in.again": "Sign in again",
    "sign_in.signed_out.title": "Signed out",
    "sign_in.signed_out.text": "Your session has ended on this browser.",
    "sign_in.not_here.title": "Not from here",
    "sign_in.not_here.text": "Sign-in links work only on the machine that runs Relance. Open this one there, or have "
    "RELANCE_CONSOLE__TOKEN_FROM_ANYWHERE set.",
    "sign_in.link_used.title": "This link is over",
    "sign_in.link_used.text": "A sign-in link works once, within ten minutes. Make a new one with `starter.py console "
    "token`.",
    "sign_in.no_proxy.title": "Not through the proxy",
    "sign_in.no_proxy.text": "This console is entered through a proxy that signs people in, and this request did not "
    "come from it. Open the console at its public address.",
    "sign_in.nobody.title": "Nobody is named",
    "sign_in.nobody.text": "The proxy did not say who you are. Ask who runs it to pass the header on.",
    "sign_in.no_role.title": "No role",
    "sign_in.no_role.text": "You are known, and neither viewer nor operator of Relance. Ask who manages roles for one.",
    "sign_in.no_address.title": "No verified address",
    "sign_in.no_address.text": "Your account has no verified e-mail address, which is needed here. Verify it at your "
    "provider and sign in again.",
    "sign_in.other_domain.title": "Another organisation",
    "sign_in.other_domain.text": "Your address is of a domain that is not let in here. Sign in with your address at work.",
    "sign_in.begin_again.title": "Begin again",
    "sign_in.begin_again.text": "This sign-in was not begun in this browser, or too long ago.",
    "sign_in.provider_refused.title": "Not signed in",
    "sign_in.provider_refused.text": "The provider has not signed you in. Try again, or ask who manages accounts.",
    "sign_in.code_refused.title": "Not signed in",
    "sign_in.code_refused.text": "The provider did not confirm this sign-in. Try again.",
    "sign_in.token_refused.title": "Not signed in",
    "sign_in.token_refused.text": "What the provider said about you could not be verified. Try again; if it stays so, "
    "ask who runs Relance to compare its settings with the provider.",
}

FRENCH: Mapping[str, str] = {
    "sign_in.title": "Connexion",
    "sign_in.offered": "Ce lien vous connecte une fois en tant que {name}, avec le rôle {role}.",
    "sign_in.button": "Se connecter",
    "sign_in.how": "Demandez un lien de connexion sur la machine où tourne Relance, et ouvrez-le ici dans les dix "
    "minutes :",
    "sign_in.again": "Se reconnecter",
    "sign_in.signed_out.title": "Déconnexion faite",
    "sign_in.signed_out.text": "Votre session est terminée dans ce navigateur.",
    "sign_in.not_here.title": "Pas d’ici",
    "sign_in.not_here.text": "Les liens de connexion ne marchent que sur la machine où tourne Relance. Ouvrez-le là-bas, "
    "ou faites régler RELANCE_CONSOLE__TOKEN_FROM_ANYWHERE.",
    "sign_in.link_used.title": "Ce lien ne vaut plus",
    "sign_in.link_used.text": "Un lien de connexion sert une fois, dans les dix minutes. Créez-en un autre avec "
    "`starter.py console token`.",
    "sign_in.no_proxy.title": "Sans passer par le proxy",
    "sign_in.no_proxy.text": "On entre dans cette console par un proxy qui identifie les personnes, et cette demande "
    "n’en vient pas. Ouvrez la console à son adresse publique.",
    "sign_in.nobody.title": "Personne n’est nommé",
    "sign_in.nobody.text": "Le proxy n’a pas dit qui vous êtes. Demandez à son responsable de transmettre l’en-tête.",
    "sign_in.no_role.title": "Aucun rôle",
    "sign_in.no_role.text": "Vous êtes identifié, sans rôle dans Relance. Demandez-en un à qui gère les rôles.",
    "sign_in.no_address.title": "Pas d’adresse vérifiée",
    "sign_in.no_address.text": "Votre compte n’a pas d’adresse e-mail vérifiée, nécessaire ici. Vérifiez-la chez votre "
    "fournisseur et reconnectez-vous.",
    "sign_in.other_domain.title": "Autre organisation",
    "sign_in.other_domain.text": "Le domaine de votre adresse n’est pas admis ici. Utilisez votre adresse "
    "professionnelle.",
    "sign_in.begin_again.title": "Recommencez",
    "sign_in.begin_again.text": "Cette connexion n’a pas commencé dans ce navigateur, ou il y a trop longtemps.",
    "sign_in.provider_refused.title": "Connexion refusée",
    "sign_in.provider_refused.text": "Le fournisseur ne vous a pas connecté. Réessayez, ou demandez à qui gère les "
    "comptes.",
    "sign_in.code_refused.title": "Connexion refusée",
    "sign_in.code_refused.text": "Le fournisseur n’a pas confirmé cette connexion. Réessayez.",
    "sign_in.token_refused.title": "Connexion refusée",
    "sign_in.token_refused.text": "Ce que le fournisseur dit de vous n’a pas pu être vérifié. Réessayez ; si cela dure, "
    "demandez à qui exploite Relance de comparer ses réglages avec le fournisseur.",
}
