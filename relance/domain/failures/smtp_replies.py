"""The rows of the SMTP table by status and basic code, and those of a conversation that broke.

Nothing but a known sign of a missing mailbox is held against a contact: a refusal that cannot be read is counted as
ours, because a wrong guess the other way would strike out contacts whenever a provider blocks us (SPEC X2).
"""

from __future__ import annotations

from relance.domain.failures.model import Severity
from relance.domain.failures.smtp_mailbox import SIZE
from relance.domain.failures.smtp_rows import (
    certainly_ours,
    content,
    doubtful,
    full,
    grey,
    hard,
    ours,
    slow,
    soft,
    transport,
    uncertain,
    unsupported,
)
from relance.domain.failures.smtp_us import LOGIN, POLICY

ENHANCED = (
    hard("no such mailbox", detail=r"5\.1\.1"),
    hard("no such domain", detail=r"5\.1\.2"),
    hard("no valid address", detail=r"5\.1\.3"),
    hard("the mailbox has moved", detail=r"5\.1\.6"),
    hard("the domain takes no mail at all (null MX)", detail=r"5\.1\.10"),
    # Exchange Online names a mailbox that does not exist this way.
    hard("Microsoft: no such mailbox", detail=r"5\.4\.1", text=r"recipient address rejected"),
    # A disabled mailbox may come back, and Gmail says 5.2.1 also of one that gets too much.
    doubtful("the mailbox is disabled", detail=r"5\.2\.1"),
    full("the mailbox is full", detail=r"[45]\.2\.2"),
    soft("the way to the recipient's server is broken", detail=r"5\.4\.\d+"),
    soft("the recipient's system is full", detail=r"[45]\.3\.1"),
    content("the mail is too large", detail=r"5\.2\.3|5\.3\.4", remedy=SIZE),
    unsupported("the address needs SMTPUTF8, which is not offered", detail=r"5\.6\.([79]|10)"),
    content("the form of the mail is refused", detail=r"5\.6\.\d+"),
    slow("the system takes no mail for now, or not so many recipients", detail=r"[45]\.3\.2|4\.5\.3"),
    ours("refused by policy, as spam or for a block list", detail=r"5\.7\.\d+", remedy=POLICY),
    grey("greylisted", code=r"45\d", detail=r"4\.7\.1"),
)

# RFC 5321 4.2.3. 552 to the recipient speaks of his storage, to the data of its size.
BASIC = (
    slow("the service closes", code=r"421"),
    soft("any other refusal for now", code=r"4\d\d"),
    soft("no storage", code=r"552", stages=("rcpt",)),
    content("too large", code=r"552", remedy=SIZE),
    unsupported("a parameter is not known", code=r"555"),
    hard("the domain takes no mail (RFC 7504)", code=r"556"),
    # Meant for the greeting; at the recipient it may be about us.
    doubtful("the host takes no mail (RFC 7504)", code=r"521"),
    # "550 rejected": neither a missing mailbox nor a fault of ours for certain, so it is not critical.
    ours("any other refusal for good", code=r"5\d\d", severity=Severity.MEDIUM, remedy=POLICY),
)

CONVERSATION = (
    certainly_ours(
        "the relay's certificate cannot be trusted, or TLS fails",
        code="tls",
        retryable=True,
        remedy="check RELANCE_MAIL__TLS and the relay's certificate; a CA of your own goes into the system's store",
    ),
    certainly_ours(
        "the relay offers no STARTTLS, or no login, which the settings ask for",
        code="not-offered",
        retryable=True,
        remedy=LOGIN,
    ),
    transport("the relay cannot be reached, or the connection breaks before the data", code="connection"),
    uncertain(
        "the connection breaks between the end of the data and the reply (RFC 1047)",
        code="no-reply",
        remedy="none; it is looked up at the relay, or by policy sent again (invitation) or not (reminder)",
    ),
)
