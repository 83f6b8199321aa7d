"""The SMTP table but for the providers' own words: about us, enhanced status, known phrases, basic code.

Nothing but a known sign of a missing mailbox is held against a contact: a refusal that cannot be read is counted as
ours, because a wrong guess the other way would strike out contacts whenever a provider blocks us (SPEC X2).
"""

from __future__ import annotations

from datetime import timedelta

from relance.domain.failures.model import Severity, Strikes
from relance.domain.failures.smtp_rows import (
    ABOUT_RECIPIENT,
    BEFORE_MAIL,
    certainly_ours,
    content,
    doubtful,
    grey,
    hard,
    ours,
    slow,
    soft,
    transport,
    uncertain,
    unsupported,
)

TWICE = Strikes(2, r"5\.2\.1|5\.5\.0", within=timedelta(days=32))
"""Twice in thirty days, with room for a month of 31 and a late cycle: else two cycles in a row would seldom count."""

THREE_CYCLES = Strikes(3, r"[45]\.2\.2|[45]52")

_NO_MAILBOX = (
    r"user unknown|unknown user|unknown recipient|no such (user|recipient|mailbox|address)|does not exist"
    r"|mailbox (not found|unknown)|no mailbox (here|by that name)|recipient not found|invalid recipient"
)
_FULL = r"mailbox (is )?full|over ?quota|quota exceeded|exceeded (storage|quota)|insufficient storage"
_SENDER = r"sender (address|domain|verif|is|not|rejected)|relay(ing)? (access )?(denied|not)|client host"
_BLOCKED = r"spam|block ?list|black ?list|blocked|policy|reputation|dmarc|\bspf\b|dkim"
_TOO_FAST = r"too (many|fast|much)|rate limit|throttl|unusual rate|\[ts(s)?\d\d\]"
_GREY = r"gr[ea]y ?-?list"

_LOGIN = "check RELANCE_MAIL__USERNAME, RELANCE_MAIL__PASSWORD and RELANCE_MAIL__TLS"
_RELAY = "ask whoever runs the relay why it turns us away"
_RECORDS = "mend SPF, DKIM, DMARC, the reverse name of the relay's address, or its TLS"
_SENDER_DOMAIN = "check RELANCE_MAIL__SENDER_ADDRESS and RELANCE_MAIL__BOUNCE_DOMAIN: the DNS must know both domains"
_POLICY = "read the relay's log for the reason, and look our domain and address up on block lists"
_SIZE = "make the mail smaller: below 100 kB nobody objects"

# About us, before any mail was offered: kept and tried again, or a changed password would cost a whole cycle.
ABOUT_US = (
    certainly_ours(
        "authentication fails, is missing or must be encrypted", code=r"53[0458]", retryable=True, remedy=_LOGIN
    ),
    certainly_ours(
        "the relay turns us away at the greeting", code=r"5\d\d", stages=BEFORE_MAIL, retryable=True, remedy=_RELAY
    ),
    transport("the relay cannot check the login or offer TLS for now", code=r"4\d\d", stages=("auth",)),
    # The refusal of our own address may look like that of a missing mailbox: "Sender address rejected: User unknown".
    # The statuses of policy say more than these words.
    ours(
        "the sender's address or its right to relay is refused",
        code=r"5\d\d",
        detail=r"(?!5\.7\.).*",
        text=_SENDER,
        remedy=_SENDER_DOMAIN,
    ),
)

ENHANCED = (
    hard("no such mailbox", detail=r"5\.1\.1"),
    hard("no such domain", detail=r"5\.1\.2"),
    hard("no valid address", detail=r"5\.1\.3"),
    hard("the mailbox has moved", detail=r"5\.1\.6"),
    hard("the domain takes no mail at all (null MX)", detail=r"5\.1\.10"),
    # A disabled mailbox may come back, and Gmail says 5.2.1 also of one that gets too much.
    doubtful("the mailbox is disabled", detail=r"5\.2\.1", strikes=TWICE),
    # The usual answer of Outlook.com about a mailbox that does not exist, but also RFC 5321's text for any refusal.
    doubtful("the mailbox is unavailable", detail=r"5\.5\.0", text=r"mailbox unavailable", strikes=TWICE),
    certainly_ours("the sender's address is not valid", detail=r"5\.1\.[78]", remedy=_SENDER_DOMAIN),
    certainly_ours("the sender's domain cannot be found", detail=r"4\.1\.[78]", retryable=True, remedy=_SENDER_DOMAIN),
    soft("the mailbox is full", detail=r"[45]\.2\.2", stages=ABOUT_RECIPIENT, strikes=THREE_CYCLES),
    soft("the way to the recipient's server is broken", detail=r"5\.4\.\d+"),
    soft("the recipient's system is full", detail=r"[45]\.3\.1"),
    content("the mail is too large", detail=r"5\.2\.3|5\.3\.4", remedy=_SIZE),
    unsupported("the address needs SMTPUTF8, which is not offered", detail=r"5\.6\.([79]|10)"),
    content("the form of the mail is refused", detail=r"5\.6\.\d+"),
    slow("the system takes no mail for now, or not so many recipients", detail=r"[45]\.3\.2|4\.5\.3"),
    # RFC 4954, RFC 5248
    certainly_ours("authentication or encryption is missing or too weak", detail=r"5\.7\.([89]|1[0-3])", remedy=_LOGIN),
    # RFC 7372, RFC 7505 section 4.2 and Gmail; 5.7.28 speaks of the rate, not of our records.
    certainly_ours("SPF, DKIM, DMARC or PTR fails", detail=r"5\.7\.(2[0-79]|3[0-2])", remedy=_RECORDS),
    ours("refused by policy, as spam or for a block list", detail=r"5\.7\.\d+", remedy=_POLICY),
    slow("too many mails, deferred by policy", detail=r"4\.7\.\d+", text=_TOO_FAST),
    grey("greylisted", code=r"45\d", detail=r"4\.7\.1"),
)

PHRASES = (
    grey("the words of greylisting", code=r"4\d\d", text=_GREY),
    slow("words of too much or too many", code=r"4\d\d", text=_TOO_FAST),
    soft(
        "the words of a full mailbox",
        code=r"[45]\d\d",
        detail=r"(?!\d\.7\.).*",
        text=_FULL,
        stages=ABOUT_RECIPIENT,
        strikes=THREE_CYCLES,
    ),
    # A reply that speaks of blocking is not about the mailbox, whatever else it says.
    ours("words of spam, policy or blocking", code=r"5\d\d", text=_BLOCKED, remedy=_POLICY),
    hard("the words of a missing mailbox", code=r"55[0134]", text=_NO_MAILBOX),
)

# RFC 5321 4.2.3. 552 to the recipient speaks of his storage, to the data of its size.
BASIC = (
    slow("the service closes", code=r"421"),
    soft("any other refusal for now", code=r"4\d\d"),
    soft("no storage", code=r"552", stages=("rcpt",)),
    content("too large", code=r"552", remedy=_SIZE),
    unsupported("a parameter is not known", code=r"555"),
    hard("the domain takes no mail (RFC 7504)", code=r"521|556"),
    # "550 rejected": neither a missing mailbox nor a fault of ours for certain, so it is not critical.
    ours("any other refusal for good", code=r"5\d\d", severity=Severity.MEDIUM, remedy=_POLICY),
)

CONVERSATION = (
    certainly_ours(
        "the relay's certificate cannot be trusted, or TLS fails",
        code="tls",
        retryable=True,
        remedy="check RELANCE_MAIL__TLS and the relay's certificate; a CA of your own goes into the system's store",
    ),
    transport("the relay cannot be reached, or the connection breaks before the data", code="connection"),
    uncertain(
        "the connection breaks between the end of the data and the reply (RFC 1047)",
        code="no-reply",
        remedy="none; it is looked up at the relay, or by policy sent again (invitation) or not (reminder)",
    ),
)
