"""Words about one mailbox: full, disabled, not there. The text is that of `smtp_text.words_of`."""

from __future__ import annotations

from relance.domain.failures.smtp_words import any_of

FULL = any_of(
    r"\b(?:mailbox|mail ?folder|maildir|inbox|account|user|recipient|disk|storage|quota)(?:\W+\w+){0,4}?\W+full\b",
    r"full mailbox|\bover ?-?quota|\bover (?:\w+ ){1,3}quota|quota ?exceeded|quota violation",
    r"quota (?:usage |limit )?(?:is |has been )?exceeded|space has been used",
    r"\b(?:mailbox|maildir) (?:has )?exceed",
    r"exceed\w* (?:\w+ ){0,4}?(?:quota|storage|allocation|disk)|(?:reached|exhausted) (?:\w+ ){0,4}?(?:quota|storage)",
    r"\b(?:mailbox|storage|blocks|inode)(?: size| space| quota)? limit",
    r"insufficient (?:disk |mailbox )?(?:storage|space)|out of (?:storage|disk|space|quota)",
    r"(?:\bnot|n't|\bno) (?:\w+ ){0,2}?(?:enough|more) (?:\w+ )?space",
    r"too many (?:messages|mails) (?:on|in)\b|too much mail data",
    r"\bboite\b.{0,40}?\b(?:pleine|saturee)|quota.{0,20}?(?:depasse|atteint)|espace.{0,20}?insuffisant",
    r"\b(?:postfach|mailbox|konto)\b.{0,40}?\b(?:voll\b|uberfullt|ueberfuellt)",
    r"\bspeicher\w*.{0,40}?(?:uberschritten|ueberschritten|erschopft|ausgeschopft|voll\b)|zu ?viele \w+ auf dem server",
    r"\b(?:buzon|casilla|bandeja|cuenta|cuota)\b.{0,40}?(?:llen[oa]\b|excedid[oa]|superad[oa]|sin espacio)",
    r"\b(?:postbus|mailbox|postvak|inbox)\b.{0,40}?\bvol\b|quotum.{0,20}?overschreden|onvoldoende (?:opslag)?ruimte",
    r"\bcasella\b.{0,30}?\bpiena|spazio.{0,20}?(?:esaurito|insufficiente)|quota superata",
    r"\bcaixa\b.{0,40}?\b(?:cheia|lotada)|\bcota\b.{0,20}?(?:excedida|ultrapassada)",
    r"ящик.{0,30}?(?:переполнен|полон|заполнен)|превышена квота|квота.{0,20}?превышен",
    r"(?:邮箱|空间|容量).{0,8}?(?:已满|不足|超)",
)

_BOX = (
    r"mailbox|account|user|recipient|alias|e-?mail|inbox|boite|compte|destinataire|postfach|konto|empf(?:a|ae)nger|benutzer"
    r"|buzon|cuenta|casilla|usuario|destinatario|postbus|ontvanger|casella|utente|indirizzo|conta|caixa|konto"
)
_BETWEEN = (
    rf"(?:{_BOX})s?|is|was|has|have|been|are|being|now|currently|temporar\w+|permanently|administratively|or|domain|address|of|the|this|that|you|tried"
    r"|to|reach|aux|lettres|du|de|ce|des|est|a|ete|ist|wurde|wird|esta|en|estado|ha|sido|foi|van|werd|e'?|stato|stata"
    r"|jest|\{\w+\}"
)
_STATES = (
    r"disabled|deactivated|inactive|not active|not activated|no longer active|suspended|blocked|isblocked|locked|frozen"
    r"|banned|closed|expired|archived|terminated|discontinued|bloquee?|suspendue?|desactivee?|inactif|fermee?|archivee?|gesperrt"
    r"|deaktiviert|inaktiv|stillgelegt|bloquead[oa]|deshabilitad[oa]|inactiv[oa]|suspendid[oa]|expirado|geblokkeerd"
    r"|gedeactiveerd|uitgeschakeld|opgeheven|disat+ivat[oa]|disabilitat[oa]|bloccat[oa]|sospes[oa]|suspens[oa]"
    r"|desativad[oa]|zablokowane"
)

DISABLED = any_of(
    rf"(?<!\byour )\b(?:{_BOX})\b(?:\W+(?:{_BETWEEN})){{0,8}}\W+(?:{_STATES})\b",
    rf"\b(?:disabled|deactivated|inactive|suspended|locked|closed|archived|invalid/inactive) (?:{_BOX})\b",
    r"\{address\} is (?:now |temporar\w+ )?(?:disabled|locked|a deactivated)",
    r"not currently being accepted for this mailbox|not accepting (?:any )?(?:mail|messages)|no longer accepts? mail",
    r"邮箱.{0,6}?(?:停用|禁用|冻结|锁定)|ящик.{0,12}?(?:заблокирован|отключен)",
)

OF_RECIPIENT = r"recipient|mailbox|destinataire|empf(?:a|ae)nger|destinatari|ontvanger"

_WHO = r"users?|recipients?|alias|accounts?|address(?:es)?"
_NOT_THERE = (
    r"unknown|unrecogni[sz]ed|(?:does not|doesn't|do not|not) exist|(?:not|not be|cannot be) (?:found|present|known)"
    r"|invalid"
)

UNKNOWN = any_of(
    rf"\b(?:mail-?box|{_WHO}|addressee|e?-?mail|rcpt)\b(?:\W+\w+){{0,2}}?\W+(?:{_NOT_THERE})\b",
    rf"\b(?:invalid|unknown|illegal|no such|bad|wrong|non-?existent) (?:\w+ ){{0,2}}?(?:mailbox|{_WHO})",
    rf"\bno such (?:mailbox|{_WHO}|person|e-?mail|mail drop|id\b)|unknown local[ -]?part",
    r"\bno (?:mail-?box|account|user|one) (?:here|by|at|with|found)|no mail box available|there is no one\b",
    r"\bnot an? (?:active|valid|known|local|member of|user)\b|is not (?:a )?(?:known|local)\b|not our customer",
    r"not listed in\b|\b(?:no|not) .{0,30}?\b(?:directory|ldap)\b|unable to find (?:\w+ )?(?:mailbox|user|recipient)",
    r"handle mail for that user|no longer an employee",
    r"(?:n't|\bnot) have an? (?:\S+ )?account|no longer valid|lookup in \w+ map failed|\bnot known to this\b",
    # French
    r"\b(?:utilisateur|destinataire|adresse|boite|compte)(?:\W+\w+){0,4}?\W+(?:inconnue?|inexistante?|invalide|introuvable)\b",
    r"n'existe pas|aucun (?:utilisateur|compte|destinataire)",
    # German
    r"\b(?:benutzer|empf(?:a|ae)nger|adressat|adresse|postfach|mailbox|konto|teilnehmer|nutzer)(?:\W+\w+){0,3}?\W+"
    r"(?:unbekannt|existiert nicht|nicht (?:bekannt|gefunden|vorhanden)|ungultig|ungueltig)",
    r"\b(?:unbekannter?|ungultiger?) (?:benutzer|empf|nutzer|adress)",
    r"\bkein (?:solche[rs]? )?(?:benutzer|empf|postfach|mailbox)",
    # Spanish, Portuguese
    r"\b(?:usuario|destinatario|direccion|buzon|cuenta|casilla|endereco|caixa postal|conta)(?:\W+\w+){0,3}?\W+"
    r"(?:desconocid[oa]|desconhecid[oa]|inexistente|n[ao]o? (?:existe|(?:foi |fue )?en[ck]on?trad[oa])|invalid[oa])",
    r"\bno existe (?:ese|este|dicha|el|la|tal|ning)",
    # Dutch
    r"\b(?:gebruiker|ontvanger|geadresseerde|adres|e?-?mail-?adres|postbus|mailbox)(?:\W+\w+){0,3}?\W+"
    r"(?:onbekend|bestaat niet|niet (?:gevonden|bekend)|ongeldig)",
    r"\bonbekende (?:gebruiker|ontvanger|geadres|postbus|mailbox)|\bongeldige? (?:ontvanger|e?-?mail-?adres|adres)",
    # Italian, Polish
    r"\b(?:utente|destinatario|indirizzo|casella|destin\.?)(?:\W+\w+){0,3}?\W+"
    r"(?:sconosciut[oa]|inesistente|errat[oa]|non esiste)",
    r"\bnessun utente|nie istnieje|nie ma takiego",
    # Russian, Chinese
    r"(?:пользовател|адресат|получател|ящик)\w*(?:\W+\w+){0,2}?\W+"
    r"(?:не (?:наиден|существует|зарегистрирован)|неизвест)",
    r"(?:用户|邮箱|收件人|账号|帐号|地址).{0,6}?(?:不存在|未找到|无效)|无此(?:用户|邮箱)",
)

UNAVAILABLE = r"mailbox (?:is )?(?:un|not )available|mailbox cannot be accessed"

ADDRESS_REFUSED = any_of(
    r"recipient (?:address )?(?:is )?(?:rejected|refused|denied|not (?:allowed|accepted|permitted|ok))",
    r"bad-?(?:rcpt|recipient)to|valid-?rcptto|recipient (?:has been denied|cannot be verified)",
    r"\baddress rejected|unroute?able|no such domain|unknown (?:domain|host)|host unknown|domain (?:name )?not found",
)

LOOP = r"\b(?:mail ?|routing )?loop|too many hops|exceeded \d+ hops|hop count"

TOO_LARGE = any_of(
    r"too (?:large|big|long)\b|\b(?:message|e?-?mail) size|size (?:\w+ ){0,3}?exceed|exceed\w* (?:\w+ ){0,4}?size",
    r"taille (?:limite|maximale)|zu gro(?:ss|sz)|demasiado grande|te groot|troppo grande",
)

HARMFUL = r"\bvirus|\bmalware|infected|attachment"

NEEDS_UTF8 = r"smtputf8|non-ascii|internationali[sz]ed|utf-8 (?:address|string)"
