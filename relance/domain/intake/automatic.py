"""Automatic answers (RFC 3834): out of office, receipts, tickets, and challenges. None of them is ever an event."""

from __future__ import annotations

import re
from email.message import Message

from relance.domain.intake.parts import body_text, content_type, header, parameter, parts_of

_ANSWERING_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-AutoReply-From",
    "X-Vacation", "X-MS-Exchange-Inbox-Rules-Loop", "X-Ms-Exchange-Generated-Message-Source")  # fmt: skip

_SUBJECT = re.compile(
    r"out of (?:the )?office|auto(?:matic|mated)?[ -]?(?:reply|response|answer)|autoreply|\booo\b|on (?:vacation|holiday|leave)\b|away from"
    r"|i am away|no longer (?:with|works)|ticket (?:received|created|#)|we have received your|thank you for (?:contacting|your (?:e-?mail|message))"
    r"|réponse automatique|absence du bureau|absent du bureau|message d'absence|en congés?\b|je suis absent|accusé de réception"
    r"|automatische antwort|abwesenheit|abwesend|außer haus|ausser haus|nicht im (?:büro|haus)|im urlaub|eingangsbestätigung"
    r"|respuesta automática|fuera de la oficina|ausencia|de vacaciones|resposta automática|fora do escritório|ausência"
    r"|risposta automatica|fuori sede|fuori ufficio|assenza|automatisch antwoord|afwezig|niet aanwezig|met vakantie"
    r"|automatisk svar|autosvar|frånvaro|fravær|ikke på kontoret|automaattinen vastaus|poissa"
    r"|autorespuesta|odpowied(?:ź|z) automatyczna|nieobecno|automatická odpověď|mimo kancelář|automatikus válasz"
    r"|автоответ|автоматический ответ|нет на месте|в отпуске|αυτόματη απάντηση|otomatik yanıt|ofis dışında"
    r"|自动回复|自動回覆|自動返信|不在|休假|자동 ?응답|부재중|رد تلقائي|תגובה אוטומטית|מענה אוטומטי",
    re.IGNORECASE,
)
_CHALLENGE_SUBJECT = re.compile(
    r"(?:please )?confirm (?:that )?(?:you|your (?:message|e-?mail))|verif(?:y|ication) (?:of )?(?:your (?:message|e-?mail|address)|required|needed)"
    r"|your (?:message|mail|e-?mail) (?:is|was) (?:held|waiting|awaiting|pending|on hold)|challenge|human (?:check|verification)|waiting for your confirmation"
    r"|unknown sender|sender verification|confirmation (?:requise|nécessaire)|confirmez votre (?:message|e-?mail|envoi)|bestätigen sie (?:ihre|bitte)|confirme su (?:mensaje|correo)",
    re.IGNORECASE,
)
_CHALLENGE_HEADERS = (
    "X-Challenge",
    "X-TMDA-Confirm",
    "X-Boxbe-Confirm",
    "X-Spamarrest-Probe",
    "X-ASK-Auth",
    "X-Mailblocks-Confirm",
)


def is_automatic(message: Message) -> bool:
    """Tell whether a program answered: by the headers of RFC 3834 and older habits, else by the subject."""
    submitted = header(message, "Auto-Submitted").lower()
    precedence = header(message, "Precedence").lower()
    return (
        submitted.startswith(("auto-replied", "auto-notified"))
        or any(header(message, name) for name in _ANSWERING_HEADERS)
        or precedence in {"auto_reply", "auto-reply", "autoreply"}
        or is_disposition(message)
        or (submitted.startswith("auto-generated") and _SUBJECT.search(header(message, "Subject")) is not None)
        or _SUBJECT.search(header(message, "Subject")) is not None
    )


def is_disposition(message: Message) -> bool:
    """Tell whether this is a receipt: read, deleted, displayed (RFC 8098)."""
    kinds = {content_type(part) for part in parts_of(message)}
    labelled = parameter(message, "report-type") == "disposition-notification"
    return labelled or not kinds.isdisjoint(
        {"message/disposition-notification", "message/global-disposition-notification"}
    )


def is_challenge(message: Message) -> bool:
    """Tell whether somebody's filter wants its sender to prove that he is a person."""
    if any(header(message, name) for name in _CHALLENGE_HEADERS):
        return True
    if _CHALLENGE_SUBJECT.search(header(message, "Subject")) is None:
        return False
    return (
        re.search(r"https?://|reply to this|répond|antworten sie|responda", body_text(message), re.IGNORECASE)
        is not None
    )
