"""The shape of every table: rows that are tried from top to bottom, each with conditions and a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from relance.domain.failures.model import Failure, FailureClass, Severity, Source, Strategy, Strikes


@dataclass(frozen=True, slots=True)
class Sign:
    """What a failure showed.

    | | `code` | `detail` | `text` | `stage` |
    | --- | --- | --- | --- | --- |
    | SMTP | basic code | enhanced status | reply, lower case | `connect, auth, mail, rcpt, data` |
    | HTTP | status, or the kind of trouble | | | `everflow, channel` |
    | MongoDB | error code | the driver's exception | | |
    | Temporal | name of the RPC status | | | |
    """

    code: str = ""
    detail: str = ""
    text: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it stands for in words, the verdict, and the conditions, all of which must hold (empty: any).

    `code` and `detail` must match as a whole, `text` any part. `means` is the subject and detail of the enhanced status
    that the row stands for, recorded in place of the reply's own: strikes count alike, with a status or in words.
    """

    signal: str
    class_: FailureClass
    severity: Severity
    strategy: Strategy
    code: str = ""
    detail: str = ""
    text: str = ""
    stages: tuple[str, ...] = ()
    retryable: bool = False
    pause: timedelta | None = None
    strikes: Strikes | None = None
    remedy: str = ""
    means: str = ""

    def fits(self, sign: Sign) -> bool:
        """Return whether every condition holds."""
        return (
            (not self.stages or sign.stage in self.stages)
            and (not self.code or re.fullmatch(self.code, sign.code) is not None)
            and (not self.detail or re.fullmatch(self.detail, sign.detail) is not None)
            and (not self.text or re.search(self.text, sign.text) is not None)
        )

    def failure(self, code: str, source: Source) -> Failure:
        """Return the verdict about a failure with this code."""
        return Failure(
            code,
            self.class_,
            self.severity,
            self.strategy,
            self.retryable,
            self.pause,
            self.strikes,
            self.remedy,
            source,
        )


def deciding(table: Iterable[Row], sign: Sign) -> Row | None:
    """Return the first row that fits; None if none does."""
    return next((row for row in table if row.fits(sign)), None)
