"""Words about us, the senders: what we did, who we are, where our mail comes from. They beat every status (SPEC X2).

The text is that of `smtp_text.words_of`: lower case, without accents, links and addresses as `{url}`, `{ip}` and so on.
"""

from __future__ import annotations

from relance.domain.failures.smtp_words import any_of, near

_LIMIT = (
    r"limit|quota|exceed|maxim|allowance|too many|blocked|kontingent|cuota|\bcota\b|depass|uberschr|ueberschr|overschr"
    r"|superad|superat|excedid|trop de|zu viele|demasiad|te veel|tropp[ie]|превыш|лимит|слишком|超|过多"
)
_DAY = (
    r"\bdaily\b|\b(?:per|a|each|one|the|this) day\b|\b24[ -]?h(?:ours?)?\b|par jour|quotidien|journali|taglich|taeglich"
    r"|pro tag|\btages\w*limit|diari[oa]|por dia|al dia|dagelijks|per dag|giornalier|al giorno|每天|每日|当日|сутк"
    r"|в день|дневн"
)
_HOUR = (
    r"\b(?:per|this|an|each|one|last) hour\b|\bhourly\b|par heure|cette heure|pro stunde|por hora|per uur|all'ora"
    r"|每小时|в час"
)

A_DAYS_LIMIT = near(_DAY, _LIMIT)
AN_HOURS_LIMIT = near(_HOUR, _LIMIT)

TOO_MUCH = any_of(
    # A mailbox may have too many messages as well, and a mail may have made too many hops.
    r"\btoo many (?!hops|received|messages (?:on|in)\b|mails (?:on|in)\b)|\btoo (?:fast|quickly|frequent)",
    r"\btoo much (?:e-?mail|traffic|volume)|\bexcessive\b|unexpected volume|mass ?mailer|harvest|dictionary attack",
    r"\brate[ -]?limit|throttl|slow(?:er)? ?down|\bslower\b|unusual rate|at a rate that",
    r"frequency (?:is )?limited|frequency of receiving",
    r"\b(?:sending|submission|send|relay(?:ing)?|outbound|outgoing|posting) (?:\w+ )?(?:limit|quota)\b",
    r"\b(?:messages?|recipients?|connections?|sessions?|threads?) (?:rate |frequency )?limit",
    r"exceed\w* .{0,40}?(?:number of|max\w* (?!size|allowed|storage|mailbox)|permitted limits|threshold)",
    r"\byou(?:'ve| have|r account has)? (?:reached|exceeded)\b",
    r"\btrop (?:de |d'|rapide)|limite d'envoi|quota d'envoi",
    r"\bzu ?viele (?!\w+ auf dem server)|zu schnell|(?:sende|versand)-?(?:limit|kontingent)",
    r"demasiad[oa]s|limite de envio|cuota de envio",
    r"\bte (?:veel|snel)\b|verzendlimiet|limiet (?:is )?(?:bereikt|overschreden)",
    r"\btropp[ie]\b|limite (?:di|degli) invi",
    r"muit[oa]s (?:mensagens|destinatarios|conexoes|e-?mails)",
    r"слишком много|превышен\w* (?:лимит|количество|скорост)",
    r"频率|过于频繁|连接数|发送.{0,6}(?:超|过多|限)",
)

GREY = r"\bgr[ea]y ?-?list|graue liste|liste grise|lista gris|grijze lijst|灰名单"

SPAM = any_of(
    r"spam|\bjunk|unsolicited|\bbulk (?:e-?)?mail|\bube\b|phish",
    r"content (?:was |is )?(?:rejected|denied|refused|filter)",
    r"indesirable|pourriel|unerwunscht|unerwuenscht|no deseado|ongewenst|indesiderat|indesejad|спам|垃圾",
)

_TURNED_AWAY = (
    r"blocked|banned|barred|rejected|refused|denied|listed|blacklisted|not (?:allowed|permitted|authori[sz]ed|accepted)"
)
_TURNED_AWAY_ABROAD = (
    r"bloque|blockiert|gesperrt|geblockt|geblokkeerd|bloccat|bloquead|abgelehnt|refuse|rejete|rechazad|rifiutat|rejeitad"
    r"|geweigerd|заблок|拒绝|禁止"
)
_MACHINE = r"ip|client|host|server|network|netblock|mta|connection|domain"
_FILLER = r"(?:address|name|source|has|have|been|is|was|are|temporarily|currently|now|\[?\{\w+\}\]?)"

LISTED = any_of(
    r"\{list\}|spamhaus|spamcop|\bsorbs\b|dnsbl|\brbl\b|(?:black|block|deny)[ -]?list|black ip",
    r"(?<!not )\blisted (?:at|in|on|by)\b",
    r"(?<!user )\bbanned\b|reputation|bad ip|blocked (?:using|by)\b|have been blocked by|\babus",
    r"liste noire|lista nera|lista negra|schwarze liste|zwarte lijst|черн\w+ списк|黑名单",
    rf"\b(?:{_MACHINE})\W+(?:{_FILLER}\W+){{0,6}}(?:{_TURNED_AWAY})\b",
    rf"\bip\b.{{0,40}}?(?:{_TURNED_AWAY}|{_TURNED_AWAY_ABROAD}|has sent)",
    rf"\byour (?:account|isp|(?:e-?mail )?address|{_MACHINE})\b.{{0,40}}?(?:{_TURNED_AWAY}|suspended|disabled|locked)",
    rf"\bsending (?:address|{_MACHINE})\b|\b(?:poor|low|bad) (?:\w+ )?score",
    r"\b(?:votre|ihre?n?|su|uw|il suo|il vostro|seu|sua|ваш) "
    r"(?:ip|adresse|direccion|server|serveur|servidor|domain|domein|compte|konto|cuenta|account|conta|аккаунт)",
    r"par nos services|\{address\}:blocked",
)

REVERSE_NAME = any_of(
    r"\breverse\b|\brdns\b|\bptr\b|name lookup failed",
    r"(?:find|resolve|verify).{0,12}your (?:\w+ )?(?:host ?name|address|ip)\b",
    r"\b(?:helo|ehlo)\b|dynamic ip|generic dns|dns (?:check|lookup) fail|does not resolve",
    r"\binvers[aeo]\b|обратн|反向",
)

AUTHENTICITY = any_of(
    r"\bspf\b|\bdkim\b|\bdmarc\b|domainkeys|\bbatv\b|unauthenticated|not (?:been )?authenticated",
    r"authenti\w+ (?:is )?(?:required|needed|failed|requise|erforderlich|requerida|vereist|richiesta)",
    r"(?:requires?|must|needs?) .{0,20}authenti|\b(?:tls|encryption) (?:is )?(?:required|needed)",
)

SENDER_REFUSED = r"\bsender (?:address|domain|verif|is|not|rejected)"

SENDER = any_of(
    r"\bsender\b'?s?\W+(?:\w+\W+)?(?:address|account|domain|verif|callout|is|was|not|has|over|refused|denied|invalid|unknown)",
    r"\b(?:invalid|unknown|bad|the) sender\b|(?:reverse|return)-?path|\bmail from\b(?!/)|\bfrom: ",
    r"\benvelope (?:from|sender)|(?:\bnot|n't) (?:allowed|permitted|authori[sz]ed) to (?:send|connect|submit)",
    r"expediteur|emetteur|absender|remitente|afzender|verzender|mittente|remetente|отправител|发件人|发信人",
)

RELAYING = any_of(
    r"relay(?:ing)?(?: access)?(?: is)? (?:denied|not |prohib|refus|forbid|disallow|disabled)|\bopen relay|rcpthosts",
    r"(?:allowed|permitted|authori[sz]ed|unable|not|credentials)(?: to| for)? relay|no relaying",
    r"non-local e-?mail|client host",
)

POLICY = any_of(
    r"\bpolic(?:y|ies)\b|administrativ\w+ prohib|prohibited by|security (?:reason|r[eu]\w+)|organi[sz]ational|\baup\b",
    r"complaint|members-only|blocked by the recipient|rejected by (?:the )?recipient|recipient preferences|captcha",
    r"only accept(?:s|ing) (?:mail|messages) from|(?:e?-?mails?|messages?|connections?) from you(?:r\b|\b)",
    r"not authori[sz]ed\b|smtp authentication|\byou are not\b",
    r"\bpolitic?(?:a|as|que|ques)\b|richtlinie|\bbeleid|verboten|service refuse|mail rejete|политик|策略",
)

BLOCKED = r"blocked|bloque|\bgesperrt|geblockt|geblokkeerd|bloccat|bloquead|заблок|zablokowan|odrzucon"
"""It does not say who is: about us, unless a mailbox is named."""
