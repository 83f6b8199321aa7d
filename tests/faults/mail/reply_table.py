"""Replies of relays and providers, and what must come of each, by `reference/mail.md` A.4 and not by our own tables."""

from __future__ import annotations

from dataclasses import dataclass

from relance.devstack.mailbox.rules import Greylist, Refuse, SmtpStage


@dataclass(frozen=True, slots=True)
class Temporary:
    """A reply to mails of one domain: everybody gets his mail later."""

    domain: str
    code: int
    text: str

    @property
    def rule(self) -> Refuse | Greylist:
        """The fault; greylisting goes on when the other replies are over."""
        recipient = f"*@{self.domain}"
        if self.domain.startswith("grey"):
            return Greylist(recipient=recipient)
        return Refuse(stage=SmtpStage.RCPT, recipient=recipient, code=self.code, text=self.text)


@dataclass(frozen=True, slots=True)
class Final:
    """A reply to mails of one domain: a failure of this class, and whether the contact is bounced by it at once."""

    domain: str
    code: int
    text: str
    class_: str
    bounced: bool = False
    stage: SmtpStage = SmtpStage.RCPT

    @property
    def rule(self) -> Refuse:
        """The fault."""
        return Refuse(stage=self.stage, recipient=f"*@{self.domain}", code=self.code, text=self.text)

    @property
    def is_policy(self) -> bool:
        """Whether it is about us: no contact may be bounced by it (SPEC X2)."""
        return "5.7." in self.text


TEMPORARY = (
    Temporary("closing.example", 421, "4.3.2 shutting down"),
    Temporary("grey.example", 450, "4.7.1 greylisted"),
    Temporary("busy.example", 450, "4.2.1 the user gets mail too fast"),
    Temporary("local.example", 451, "4.3.0 temporary failure"),
    Temporary("full.example", 452, "4.2.2 over quota"),
    Temporary("rate.example", 421, "4.7.28 unusual rate of unsolicited mail"),
    Temporary("ts03.example", 421, "4.7.0 [TS03] all messages will be deferred"),
)

FINAL = (
    Final("unknown.example", 550, "5.1.1 no such user", "hard_recipient", bounced=True),
    Final("nodomain.example", 550, "5.1.2 no such domain", "hard_recipient", bounced=True),
    Final("moved.example", 551, "5.1.6 the mailbox has moved", "hard_recipient", bounced=True),
    Final("nullmx.example", 556, "5.1.10 this domain takes no mail", "hard_recipient", bounced=True),
    Final("words.example", 550, "user unknown", "hard_recipient", bounced=True),
    Final("disabled.example", 550, "5.2.1 the mailbox is disabled", "hard_recipient"),
    Final("overquota.example", 552, "5.2.2 mailbox full", "soft_recipient"),
    Final("spam.example", 550, "5.7.1 message rejected as spam", "sender_fault"),
    Final("dmarc.example", 550, "5.7.26 unauthenticated mail is not accepted", "sender_fault"),
    Final("level.example", 550, "5.7.515 access denied, our requirements are not met", "sender_fault"),
    Final("refused.example", 550, "5.7.509 the sending domain does not pass DMARC", "sender_fault"),
    Final(
        "policy.example", 554, "5.7.1 user unknown to our policy server", "sender_fault", stage=SmtpStage.END_OF_DATA
    ),
    Final("large.example", 552, "5.3.4 message too big", "content", stage=SmtpStage.END_OF_DATA),
    Final("form.example", 554, "5.6.0 malformed message", "content", stage=SmtpStage.END_OF_DATA),
)

ANYWHERE = (
    Refuse(stage=SmtpStage.CONNECT, code=421, text="4.3.2 too many connections", times=5),
    Refuse(stage=SmtpStage.MAIL, code=421, text="4.4.2 timeout, closing", times=5),
)
"""Before the recipient is known; five connections meet each."""
