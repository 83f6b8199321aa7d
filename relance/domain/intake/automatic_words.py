"""The subjects of automatic answers and of challenges, in the languages people have mailboxes in."""

from __future__ import annotations

import re

from relance.domain.failures.smtp_words import any_of

ANSWER_SUBJECT = re.compile(
    any_of(
        r"out of (?:the )?office|auto(?:matic|mated)?[ -]?(?:reply|response|answer)|\booo\b|i am away|away from",
        r"on (?:vacation|holiday|leave)\b|no longer (?:with|works)",
        r"ticket (?:received|created|#)|we have received your|thank you for (?:contacting|your (?:e-?mail|message))",
        # French, German
        r"réponse automatique|absen(?:ce|t) du bureau|message d'absence|en congés?\b|je suis absent",
        r"accusé de réception",
        r"automatische antwort|abwesen(?:heit|d)|au(?:ß|ss)er haus|nicht im (?:büro|haus)|im urlaub",
        r"eingangsbestätigung",
        # Spanish, Portuguese, Italian
        r"respuesta automática|autorespuesta|fuera de la oficina|ausencia|de vacaciones",
        r"resposta automática|fora do escritório|ausência|risposta automatica|fuori (?:sede|ufficio)|assenza",
        # Dutch, the north
        r"automatisch antwoord|afwezig|niet aanwezig|met vakantie|automatisk svar|autosvar|frånvaro|fravær",
        r"ikke på kontoret|automaattinen vastaus|poissa",
        # The east
        r"odpowied(?:ź|z) automatyczna|nieobecno|automatická odpověď|mimo kancelář|automatikus válasz",
        r"автоответ|автоматический ответ|нет на месте|в отпуске|αυτόματη απάντηση|otomatik yanıt|ofis dışında",
        r"自动回复|自動回覆|自動返信|不在|休假|자동 ?응답|부재중|رد تلقائي|תגובה אוטומטית|מענה אוטומטי",
    ),
    re.IGNORECASE,
)

CHALLENGE_SUBJECT = re.compile(
    any_of(
        r"confirm (?:that )?(?:you|your (?:message|e-?mail))|challenge|human (?:check|verification)",
        r"verif(?:y|ication) (?:of )?(?:your (?:message|e-?mail|address)|required|needed)|sender verification",
        r"your (?:message|mail|e-?mail) (?:is|was) (?:held|waiting|awaiting|pending|on hold)",
        r"waiting for your confirmation|unknown sender|confirmation (?:requise|nécessaire)",
        r"confirmez votre (?:message|e-?mail|envoi)|bestätigen sie (?:ihre|bitte)|confirme su (?:mensaje|correo)",
    ),
    re.IGNORECASE,
)
CHALLENGE_ASKS = re.compile(r"https?://|reply to this|répond|antworten sie|responda", re.IGNORECASE)
