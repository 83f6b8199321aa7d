"""The words of delivery reports without fields, lower case, in the languages mail systems are set to."""

from __future__ import annotations

import re

from relance.domain.failures.smtp_words import any_of

NOT_A_RECIPIENT = re.compile(
    r"(?:bounce\+|unsubscribe|mailer-daemon|postmaster|abuse|support|help|hostmaster|noreply|no-reply|[^@]*=[^@]*@)",
    re.IGNORECASE,
)
"""Addresses of an explanation that are no recipients: ours, those of helpers, rewritten envelope senders."""

FAILED = re.compile(
    any_of(
        r"(?:could|can|was|were|has|have|is)(?: ?n[o']t| not been| not be| not) (?:be |yet be |been )?(?:\w+ )?"
        r"(?:deliver|reach|complet|sent|process)",
        r"undeliver|unable to (?:deliver|relay|send)|did(?:n't| not) reach|wasn't able to deliver",
        r"delivery (?:\w+ ){0,6}(?:failed|failure|error|to the following)|failed (?:recipient|permanently|to deliver)",
        r"permanent (?:fatal )?(?:error|failure)|fatal error|returned (?:mail|to sender|message)",
        r"user unknown|no such (?:user|mailbox)",
        r"n'a (?:pas )?pu (?:pas )?être|échec de (?:la )?(?:remise|distribution)|non remis|non distribu",
        r"unzustellbar|nicht zugestellt|konnte nicht|zustellung .{0,40}fehlgeschlagen",
        r"no se (?:ha podido|pudo) entregar|no entregado|devuelto",
        r"impossibile (?:consegnare|recapitare)|mancato recapito",
        r"não (?:pôde|foi possível)|não foi entregue",
        r"kon niet worden (?:bezorgd|afgeleverd)|onbestelbaar|nie można dostarczyć",
        r"не (?:было )?доставлен|недоставлен|не удалось доставить",
        r"退信|无法投递|无法送达|発送できません|配信できません",
    )
)

DELAYED = re.compile(
    any_of(
        r"\bdelayed\b|has been delayed|not yet been delivered|no action is required",
        r"still (?:being )?(?:retr|try|attempt)|will (?:be retried|continue|keep) |will retry",
        r"temporar(?:y|ily) (?:unable|problem)|warning: (?:could not send|message still)",
        r"delivery attempts will continue|you do not need to (?:do anything|resend)",
        r"retard de (?:remise|distribution)|verzögert|zustellversuche werden|se retrasó|retrasad|in ritardo",
        r"vertraagd|wordt opnieuw geprobeerd|задержан",
        r"pas encore (?:pu|été)|nouvelles tentatives|inutile de (?:le |la )?renvoyer",
        r"noch nicht .{0,60}zugestellt|weiter(?:hin)? versucht|nicht erneut (?:zu )?senden",
        r"(?:aún|todavía) no (?:ha|se)|se seguirá intentando|no es necesario que (?:re|vuelva)",
        r"non è ancora stat|ulteriori tentativi|ainda não (?:pôde|foi)|nog niet (?:bezorgd|afgeleverd)",
        r"配信が遅れ|配信遅延|まだ配信され|尚未(?:送达|投递)|投递延迟",
    )
)

RETURNED = re.compile(
    r"^(?:[-=_* ]{2,80}(?:this is a copy of (?:the|your) message|below this line"
    r"|(?:the )?(?:original|returned|unsent|undelivered) (?:message|mail)|message header|message d'origine"
    r"|ursprüngliche nachricht|mensaje original|messaggio originale|included is a copy|here is a copy"
    r"|message text follows|original headers).*"
    r"|(?:return-path|received|dkim-signature|x-google-dkim-signature|message-id)[ \t]{0,10}:.*)$",
    re.MULTILINE | re.IGNORECASE,
)
"""Where the explanation ends and the returned mail begins."""
