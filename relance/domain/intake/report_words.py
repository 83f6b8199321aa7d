"""The words of delivery reports without fields, lower case, in the languages mail systems are set to."""

from __future__ import annotations

import re

NOT_A_RECIPIENT = re.compile(
    r"(?:bounce\+|unsubscribe|mailer-daemon|postmaster|abuse|support|help|hostmaster|noreply|no-reply|[^@]*=[^@]*@)",
    re.IGNORECASE,
)

FAILED = re.compile(
    r"(?:could|can|was|were|has|have|is)(?: ?n[o']t| not been| not be| not) (?:be |yet be |been )?(?:\w+ )?(?:deliver|reach|complet|sent|process)"
    r"|undeliver|unable to (?:deliver|relay|send)|delivery (?:\w+ ){0,6}(?:failed|failure|error|to the following)"
    r"|failed (?:recipient|permanently|to deliver|address)|permanent (?:fatal )?(?:error|failure)|fatal error"
    r"|did(?:n't| not) reach|wasn't able to deliver|returned (?:mail|to sender|message)|user unknown|no such (?:user|mailbox)"
    r"|n'a (?:pas )?pu (?:pas )?etre|n'a pas pu être|échec de (?:la )?(?:remise|distribution)|non remis|non distribu"
    r"|unzustellbar|nicht zugestellt|konnte nicht|zustellung .{0,40}fehlgeschlagen"
    r"|no se (?:ha podido|pudo) entregar|no entregado|devuelto|impossibile (?:consegnare|recapitare)|mancato recapito"
    r"|não (?:pôde|foi possível)|não foi entregue|kon niet worden (?:bezorgd|afgeleverd)|onbestelbaar|не (?:было )?доставлен"
    r"|недоставлен|не удалось доставить|退信|无法投递|无法送达|発送できません|配信できません|nie można dostarczyć"
)

DELAYED = re.compile(
    r"\bdelayed\b|has been delayed|still (?:being )?(?:retr|try|attempt)|will (?:be retried|continue|keep) |will retry"
    r"|not yet been delivered|no action is required|temporar(?:y|ily) (?:unable|problem)|warning: (?:could not send|message still)"
    r"|delivery attempts will continue|you do not need to (?:do anything|resend)|retard de (?:remise|distribution)|verzögert"
    r"|zustellversuche werden|se retrasó|retrasad|in ritardo|vertraagd|задержан|wordt opnieuw geprobeerd"
)

RETURNED = re.compile(
    r"^(?:[-=_* ]{2,}[ ]*(?:this is a copy of (?:the|your) message|below this line|(?:the )?(?:original|returned|unsent|undelivered)"
    r" (?:message|mail)|message header|message d'origine|ursprüngliche nachricht|mensaje original|messaggio originale"
    r"|included is a copy|here is a copy|message text follows|original headers).*"
    r"|(?:return-path|received|dkim-signature|x-google-dkim-signature|message-id)[ \t]*:.*)$",
    re.MULTILINE | re.IGNORECASE,
)
"""Where the explanation ends and the returned mail begins."""
