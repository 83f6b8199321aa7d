"""The rows about us: before any mail was offered, and the words that beat every status of a mailbox (SPEC X2)."""

from __future__ import annotations

from datetime import timedelta

from relance.domain.failures import smtp_words_us as words
from relance.domain.failures.smtp_rows import (
    BEFORE_MAIL,
    certainly_ours,
    grey,
    ours,
    ours_for_now,
    slow,
    transport,
)

LOGIN = "check RELANCE_MAIL__USERNAME, RELANCE_MAIL__PASSWORD and RELANCE_MAIL__TLS"
RELAY = "ask whoever runs the relay why it turns us away"
RECORDS = "mend SPF, DKIM, DMARC, the reverse name of the relay's address, or its TLS"
SENDER_DOMAIN = "check RELANCE_MAIL__SENDER_ADDRESS and RELANCE_MAIL__BOUNCE_DOMAIN: the DNS must know both domains"
POLICY = "read the relay's log for the reason, and look our domain and address up on block lists"
RATE = "lower RELANCE_MAIL__RATE_PER_DOMAIN if it goes on"
ALLOWANCE = "send over a relay with a larger allowance"

# Before any mail was offered: kept and tried again, or a changed password would cost a whole cycle.
BEFORE_ANY_MAIL = (
    certainly_ours(
        "authentication fails, is missing or must be encrypted", code=r"53[0458]", retryable=True, remedy=LOGIN
    ),
    certainly_ours(
        "the relay turns us away at the greeting or at the login",
        code=r"5\d\d",
        stages=BEFORE_MAIL,
        retryable=True,
        remedy=RELAY,
    ),
    transport("the relay cannot check the login or offer TLS for now", code=r"4\d\d", stages=("auth",)),
)

# Statuses that speak of us, whatever the words are.
STATUS = (
    certainly_ours(
        "the sender's domain cannot be found, for now",
        code=r"4\d\d",
        detail=r"4\.1\.[78]",
        retryable=True,
        remedy=SENDER_DOMAIN,
    ),
    # The refusal of our own address may look like that of a missing mailbox: "Sender address rejected: User unknown".
    ours(
        "the sender's address is rejected",
        code=r"5\d\d",
        detail=r"(?!5\.7\.).*",
        text=words.SENDER_REFUSED,
        remedy=SENDER_DOMAIN,
    ),
    certainly_ours("the sender's address is not valid", detail=r"5\.1\.[78]", remedy=SENDER_DOMAIN),
    # RFC 7372, RFC 7505 section 4.2 and Gmail; 5.7.28 speaks of the rate, not of our records.
    certainly_ours("SPF, DKIM, DMARC or PTR fails", detail=r"5\.7\.(2[0-79]|3[0-2])", remedy=RECORDS),
    certainly_ours("authentication or encryption is missing or too weak", detail=r"5\.7\.(8|1[0-2])", remedy=LOGIN),
)

WORDS = (
    grey("the words of greylisting", code=r"4\d\d", text=words.GREY),
    ours("taken for spam", code=r"5\d\d", text=words.SPAM, remedy=POLICY),
    slow(
        "a day's allowance is used up",
        code=r"[45]\d\d",
        text=words.A_DAYS_LIMIT,
        pause=timedelta(hours=24),
        remedy=ALLOWANCE,
    ),
    slow(
        "an hour's allowance is used up",
        code=r"[45]\d\d",
        text=words.AN_HOURS_LIMIT,
        pause=timedelta(hours=1),
        remedy=RATE,
    ),
    slow("too much or too many", code=r"[45]\d\d", text=words.TOO_MUCH, remedy=RATE),
    slow("Yahoo: deferred", code=r"4\d\d", text=r"\[tss?\d\d\]", remedy=RATE),
    ours_for_now(
        "our reverse name or our greeting, for now",
        code=r"4\d\d",
        text=words.REVERSE_NAME,
        remedy=RECORDS,
    ),
    ours_for_now(
        "our address or domain is on a block list, for now",
        code=r"4\d\d",
        text=words.LISTED,
        remedy=POLICY,
    ),
    ours("our reverse name or our greeting", code=r"5\d\d", text=words.REVERSE_NAME, remedy=RECORDS),
    ours("our address or domain is on a block list", code=r"5\d\d", text=words.LISTED, remedy=POLICY),
    ours("SPF, DKIM, DMARC or authentication, in words", code=r"5\d\d", text=words.AUTHENTICITY, remedy=RECORDS),
    ours("words about the sender", code=r"5\d\d", text=words.SENDER, remedy=SENDER_DOMAIN),
    ours("the right to relay is refused", code=r"5\d\d", text=words.RELAYING, remedy=SENDER_DOMAIN),
    ours("words of policy", code=r"5\d\d", text=words.POLICY, remedy=POLICY),
)
