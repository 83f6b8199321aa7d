"""Our own exceptions.

    RelanceError
      SettingsError            a setting is wrong: its name, the reason
      InvalidInput             something a person typed is wrong: field, reason, remedy
      NotFound                 what was asked for does not exist
      DependencyUnavailable    a server cannot be reached or does not answer in time; try again later
        NobodyAnswers          the server is there, and no worker answers for one workflow just now
      MailError
        MailRefused            the relay answered with 4xx or 5xx: the reply
        MailUncertain          the connection was lost between the end of the data and the reply (SPEC X4)
      ChannelError             a message did not reach a chat, as far as we know
        ChannelUnavailable     not now: 429, 5xx, no answer; perhaps with the wait the other side asks for
        ChannelRefused         not this message, or not from us: 4xx, an address we must not call
        ChannelGone            never again: 404, 410; the channel is to be disabled
      ReportError
        ReportUnavailable      no answer, or "later": 429, 5xx, timeout (also a DependencyUnavailable)
        ReportRefused          the request or the key is wrong: asking again changes nothing
        ReportUnusable         there is an answer, but no report to judge by (SPEC W4)

Adapters raise these and nothing else; `activities.errors` turns them into what Temporal understands.
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
    """A server we depend on cannot be reached, or did not answer in time.

    `code` is what the table of the dependency knows the trouble by (`domain.failures`); `retry_after` the seconds until
    it may be tried again, None if nobody knows.
    """

    def __init__(self, dependency: str, detail: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{dependency} is unavailable: {detail}")
        self.dependency = dependency
        self.detail = detail
        self.code = code
        self.retry_after = retry_after


class NobodyAnswers(DependencyUnavailable):
    """A workflow runs and no worker answers for it just now: others may be asked meanwhile."""


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


class ReportError(RelanceError):
    """There is no report: no data, never "all clear" (SPEC W4); `reason` is the code of why."""

    reason: str


class ReportUnavailable(ReportError, DependencyUnavailable):
    """The report's server cannot be reached, is broken or asks us to come back later.

    `retry_after` is in seconds; None means the server named no time. `limit` and `remaining` are its rate headers.
    """

    reason = "unavailable"

    def __init__(
        self,
        dependency: str,
        detail: str,
        *,
        code: str = "",
        retry_after: float | None = None,
        limit: int | None = None,
        remaining: int | None = None,
    ) -> None:
        super().__init__(dependency, detail, code=code, retry_after=retry_after)
        self.limit = limit
        self.remaining = remaining


class ReportRefused(ReportError):
    """The server refuses the request or the key; `status` is the HTTP status, None when we did not even ask."""

    reason = "refused"

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


class ReportUnusable(ReportError):
    """The answer is truncated, partial, of other days, or cannot be read.

    `reason` is one of `unreadable, too_large, error_body, shape, columns, value, truncated, repeated, dates, days,
    totals`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"the report cannot be used ({reason}): {detail}")
        self.reason = reason
        self.detail = detail


class ChannelError(RelanceError):
    """One message did not reach a channel, as far as we know.

    `detail` names a status or a kind of failure, never an address: the addresses of channels are secrets. `code` is
    what the table knows it by (`domain.failures.http`).
    """

    def __init__(self, channel: str, detail: str, *, code: str = "") -> None:
        super().__init__(f"channel {channel}: {detail}")
        self.channel = channel
        self.detail = detail
        self.code = code


class ChannelUnavailable(ChannelError):
    """The channel does not take messages now; it may have taken this one if its answer got lost.

    `retry_after` is the wait in seconds the other side asks for.
    """

    def __init__(self, channel: str, detail: str, retry_after: float | None = None, *, code: str = "") -> None:
        super().__init__(channel, detail, code=code)
        self.retry_after = retry_after


class ChannelRefused(ChannelError):
    """The channel does not take this message, and would not take it later either."""


class ChannelGone(ChannelError):
    """The channel does not exist any more."""
