"""From what a person types after `alerts silence` to the silence that is meant."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from glob import escape

from relance.cli.base.command import invalid
from relance.cli.base.periods import read_duration, read_instant
from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.alerts.suppression import (
    LONGEST_PATTERN,
    LONGEST_REASON,
    LONGEST_SILENCE,
    SHORTEST_REASON,
    Matcher,
    exact_matcher,
)
from relance.domain.failures import Severity
from relance.errors import NotFound

REASON, AUTHOR = (SHORTEST_REASON, LONGEST_REASON), (1, 100)


@dataclass(frozen=True, slots=True)
class Typed:
    """Which alerts a person named."""

    key: str | None = None
    rule: str | None = None
    subject: str | None = None
    severity: Severity | None = None

    def check(self) -> None:
        """Refuse what names nothing, or the same thing twice.

        Raises:
            InvalidInput: the field, why, and what to write instead.
        """
        if self.key is not None and (self.rule is not None or self.subject is not None):
            invalid("KEY", "it names a rule and a subject already", "leave --rule and --subject out, or KEY")
        if self == Typed():
            invalid("KEY", "this would silence everything", "name a KEY, --rule, --subject or --severity")
        for field, text in (("--rule", self.rule), ("--subject", self.subject)):
            if text is not None:
                _pattern(text, field)

    def matcher(self, known: Sequence[AlertRecord]) -> Matcher:
        """Return which alerts are meant; `known` are those that KEY may name.

        Raises:
            InvalidInput: KEY names a critical alert, and --severity does not say so.
            NotFound: KEY names nothing.
        """
        if self.key is None:
            rule, subject = self.rule or "*", self.subject or "*"
            return Matcher(
                rule=_pattern(rule, "--rule"), subject=_pattern(subject, "--subject"), severity=self.severity
            )
        named = next((alert for alert in known if self.key in {alert.key, alert.id}), None)
        if named is None:
            return Matcher(rule=escape(_rule(self.key, known)), severity=self.severity)
        if named.severity is Severity.CRITICAL and self.severity is not Severity.CRITICAL:
            invalid("--severity", f"{self.key} is critical", "add --severity critical if nobody shall hear of it")
        exact = exact_matcher(named, self.severity)
        if exact is None:
            invalid("KEY", "its subject is too long", "use --rule and --subject with the beginning of it and *")
        return exact


def read_end(duration: str | None, until: str | None, now: datetime, zone: str) -> datetime:
    """Return when a silence ends.

    Raises:
        InvalidInput: neither or both are given, or the end is past or too far away.
    """
    if (duration is None) == (until is None):
        invalid("--for", "exactly one of --for and --until is needed", "write for example --for 4h")
    if duration is not None:
        field, end = "--for", now + read_duration(duration, "--for")
    else:
        field, end = "--until", read_instant(until or "", "--until", zone, end=True)
    if end <= now:
        invalid(field, "that is over already", "name an instant to come")
    if end - now > LONGEST_SILENCE:
        invalid(
            field, f"a silence lasts {LONGEST_SILENCE.days} days at most", "name a shorter time, and silence again then"
        )
    return end


def read_reason(text: str) -> str:
    """Return a reason.

    Raises:
        InvalidInput: it is too short or too long.
    """
    return _words(text, "--reason", REASON, "say in a few words why")


def read_author(text: str | None) -> str:
    """Return who decides: the given name, or that of the login.

    Raises:
        InvalidInput: there is no such name, or it is too long.
    """
    if text is None:
        try:
            text = getpass.getuser()
        except (KeyError, OSError):
            # A container may run under a number that has no name.
            invalid("--by", "this login has no name", "say who you are")
    return _words(text, "--by", AUTHOR, "say who you are")


def _rule(key: str, known: Sequence[AlertRecord]) -> str:
    rules = {alert.rule for alert in known if alert.group == key}
    if len(rules) > 1:
        invalid("KEY", f"the group {key} has several rules: {', '.join(sorted(rules))}", "name one with --rule")
    if not rules and key not in {*Rule, *(alert.rule for alert in known)}:
        raise NotFound(
            f"KEY: no alert and no rule is called {key!r}; `alerts list --all` shows them, --rule takes any name"
        )
    return rules.pop() if rules else key


def _pattern(text: str, field: str) -> str:
    # Only `*` is promised to be special; fnmatch knows `?` and `[` besides.
    pattern = escape(text).replace("[*]", "*")
    if not text or len(pattern) > LONGEST_PATTERN:
        invalid(field, "it is empty or too long", f"write 1 to {LONGEST_PATTERN} characters, * for anything")
    return pattern


def _words(text: str, field: str, limits: tuple[int, int], remedy: str) -> str:
    least, most = limits
    words = " ".join(text.split())
    if not least <= len(words) <= most:
        invalid(field, f"it must have {least} to {most} characters", remedy)
    return words
