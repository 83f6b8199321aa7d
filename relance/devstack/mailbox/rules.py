"""Faults on demand: what the mailbox does instead of accepting."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator


class SmtpStage(StrEnum):
    """Where in the conversation a rule applies."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    END_OF_DATA = "end_of_data"


_KNOWS_RECIPIENT = {SmtpStage.RCPT, SmtpStage.DATA, SmtpStage.BODY, SmtpStage.END_OF_DATA}


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: SmtpStage
    recipient: str = Field("*", description="Pattern of the recipient's address; * and ? as in file names.")
    times: int | None = Field(None, ge=1, description="How often the rule applies; none means always.")

    @model_validator(mode="after")
    def _recipient_is_known(self) -> _Rule:
        if self.recipient != "*" and self.stage not in _KNOWS_RECIPIENT:
            raise ValueError(f"the recipient is not known yet at stage {self.stage}")
        return self


class Refuse(_Rule):
    """Answer with a 4xx or 5xx reply; after 421 the connection is closed (RFC 5321 section 3.8)."""

    action: Literal["refuse"] = "refuse"
    code: int = Field(ge=400, le=599)
    text: str = Field("refused on demand", pattern=r"^[\x20-\x7e]{1,400}$")

    @model_validator(mode="after")
    def _somebody_waits_for_a_reply(self) -> Refuse:
        if self.stage is SmtpStage.BODY:
            raise ValueError("in the middle of the data nobody waits for a reply")
        return self


class _MayKeep(_Rule):
    stored: bool = Field(default=False, description="At end_of_data: keep the mail before the fault happens.")

    @model_validator(mode="after")
    def _stored_needs_a_mail(self) -> _MayKeep:
        if self.stored and self.stage is not SmtpStage.END_OF_DATA:
            raise ValueError("only at stage end_of_data there is a mail that could be kept")
        return self


class Delay(_MayKeep):
    """Wait before going on."""

    action: Literal["delay"] = "delay"
    seconds: float = Field(gt=0, le=3600)


class Drop(_MayKeep):
    """Cut the connection without a reply."""

    action: Literal["drop"] = "drop"


class Greylist(_Rule):
    """Refuse the first attempts of every recipient with 450 4.7.1."""

    action: Literal["greylist"] = "greylist"
    stage: Literal[SmtpStage.RCPT] = SmtpStage.RCPT
    attempts: int = Field(1, ge=1)


Rule = Annotated[Refuse | Delay | Drop | Greylist, Field(discriminator="action")]
RULE: TypeAdapter[Refuse | Delay | Drop | Greylist] = TypeAdapter(Rule)


class RuleBook:
    """The rules in force, in the order they were given."""

    def __init__(self) -> None:
        self._rules: dict[SmtpStage, list[_ActiveRule]] = {stage: [] for stage in SmtpStage}
        self._last = 0

    def add(self, rule: Refuse | Delay | Drop | Greylist) -> int:
        """Put a rule into force; return its number."""
        self._last += 1
        self._rules[rule.stage].append(_ActiveRule(self._last, rule))
        return self._last

    def clear(self) -> None:
        """Put every rule out of force."""
        for active in self._rules.values():
            active.clear()

    def listing(self) -> list[dict[str, Any]]:
        """Return every rule with its number and how often it applied."""
        every = sorted((active for rules in self._rules.values() for active in rules), key=lambda rule: rule.number)
        return [{"rule": rule.number, "applied": rule.applied, **rule.rule.model_dump(mode="json")} for rule in every]

    def pick(self, stage: SmtpStage, recipients: Sequence[str]) -> list[Refuse | Delay | Drop]:
        """Return what happens now: any delays, then at most one refusal or drop. Counts the rules as applied."""
        steps: list[Refuse | Delay | Drop] = []
        for active in self._rules[stage]:
            step = active.apply(recipients)
            if step is not None:
                steps.append(step)
                if not isinstance(step, Delay):
                    break
        return steps


class _ActiveRule:
    def __init__(self, number: int, rule: Refuse | Delay | Drop | Greylist) -> None:
        self.number = number
        self.rule = rule
        self.applied = 0
        self._pattern = re.compile(fnmatch.translate(rule.recipient.lower()))
        self._attempts: Counter[str] = Counter()

    def apply(self, recipients: Sequence[str]) -> Refuse | Delay | Drop | None:
        rule = self.rule
        if rule.times is not None and self.applied >= rule.times:
            return None
        matching = [address for address in map(str.lower, recipients) if self._pattern.match(address)]
        if rule.recipient != "*" and not matching:
            return None
        if isinstance(rule, Greylist):
            self._attempts.update(matching)
            if all(self._attempts[address] > rule.attempts for address in matching):
                return None
            self.applied += 1
            return Refuse(stage=SmtpStage.RCPT, code=450, text="4.7.1 greylisted, try again later")
        self.applied += 1
        return rule
