"""Our own exceptions.

    RelanceError
      SettingsError            a setting is wrong: its name, the reason
      InvalidInput             something a person typed is wrong: field, reason, remedy
      NotFound                 what was asked for does not exist
      DependencyUnavailable    a server cannot be reached or does not answer in time; try again later
      MailError
        MailRefused            the relay answered with 4xx or 5xx: the reply
        MailUncertain          the connection was lost between the end of the data and the reply (SPEC X4)

Adapters raise these and nothing else; `activities.failures` turns them into what Temporal understands.
"""

from __future__ import annotations


class RelanceError(Exception):
    """The root of everything we raise on purpose."""


class SettingsError(RelanceError):
    """A setting has a value that cannot be used."""


class InvalidInput(RelanceError):
    """A value from outside is wrong; says which field, why, and what to do."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field}: {reason}; {remedy}")
        self.field = field
        self.reason = reason
        self.remedy = remedy


class NotFound(RelanceError):
    """What was asked for does not exist."""


class DependencyUnavailable(RelanceError):
    """A server we depend on cannot be reached, or did not answer in time."""

    def __init__(self, dependency: str, detail: str) -> None:
        super().__init__(f"{dependency} is unavailable: {detail}")
        self.dependency = dependency
        self.detail = detail


class MailError(RelanceError):
    """One mail was not accepted, or may not have been."""


class MailRefused(MailError):
    """The relay refused a mail.

    `stage` is one of `mail`, `rcpt`, `data`, `connect`, `auth`. The reply's text may quote an address: it is for the
    classification only and is never stored or logged.
    """

    def __init__(self, code: int, text: str, stage: str) -> None:
        super().__init__(f"refused with {code} at {stage}")
        self.code = code
        self.text = text
        self.stage = stage


class MailUncertain(MailError):
    """The data was handed over and the reply never came: the relay may or may not have the mail."""
