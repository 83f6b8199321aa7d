"""Faults on demand: what the network answers instead of the truth."""

from __future__ import annotations

import fnmatch
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

TABLE = "*/reporting/entity/table"
REPORTING = "*/reporting/*"


class _Fault(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field("*", description="Pattern of the paths concerned; * and ? as in file names.")
    after: int = Field(0, ge=0, description="How many matching calls are spared first.")
    times: int | None = Field(None, ge=1, description="How often the fault happens; none means always.")


class StatusFault(_Fault):
    """Answer with an error status; `html` as a proxy in front would, `retry_after` as the header's text."""

    kind: Literal["status"] = "status"
    code: int = Field(ge=300, le=599)
    error: str = "refused on demand"
    spelling: Literal["Error", "error"] = "Error"
    retry_after: str | None = None
    html: bool = False


class ErrorBody(_Fault):
    """Answer 200 with an error instead of the data."""

    kind: Literal["error_body"] = "error_body"
    path: str = REPORTING
    spelling: Literal["Error", "error"] = "Error"
    error: str = "Internal error"


class Slow(_Fault):
    """Wait before answering."""

    kind: Literal["slow"] = "slow"
    seconds: float = Field(gt=0, le=3600)


class TruncatedJson(_Fault):
    """End the answer in the middle, with a Content-Length that fits."""

    kind: Literal["truncated_json"] = "truncated_json"
    path: str = TABLE


class MissingRows(_Fault):
    """Leave out the rows of these partners, or every second row; the totals stay."""

    kind: Literal["missing_rows"] = "missing_rows"
    path: str = TABLE
    partners: tuple[int, ...] = ()


class Cut(_Fault):
    """Cut the table after so many rows, with or without `incomplete_results`."""

    kind: Literal["cut"] = "cut"
    path: str = TABLE
    rows: int = Field(ge=0)
    flagged: bool = True


class WrongShape(_Fault):
    """Deliver rows as no version of this endpoint does."""

    kind: Literal["wrong_shape"] = "wrong_shape"
    path: str = TABLE
    shape: Literal["flat", "nested", "column_missing", "column_extra", "no_figures", "repeated"] = "flat"


class Stale(_Fault):
    """Answer about the window that lies so many days earlier."""

    kind: Literal["stale"] = "stale"
    path: str = REPORTING
    days: int = Field(1, ge=1, le=400)


class WrongZone(_Fault):
    """Answer about the days of another zone."""

    kind: Literal["wrong_zone"] = "wrong_zone"
    path: str = REPORTING
    zone: str = "America/New_York"


class Renamed(_Fault):
    """Give a partner another name."""

    kind: Literal["renamed"] = "renamed"
    path: str = TABLE
    partner: int
    name: str


class Quirks(_Fault):
    """Write the truth oddly: numbers as texts, 63.0, NaN in a rate, unknown keys, tabs in texts."""

    kind: Literal["quirks"] = "quirks"
    path: str = REPORTING


Fault = (
    StatusFault
    | ErrorBody
    | Slow
    | TruncatedJson
    | MissingRows
    | Cut
    | WrongShape
    | Stale
    | WrongZone
    | Renamed
    | Quirks
)
FAULT: TypeAdapter[Fault] = TypeAdapter(Annotated[Fault, Field(discriminator="kind")])


class FaultBook:
    """The faults in force, in the order they were given."""

    def __init__(self) -> None:
        self._active: list[_ActiveFault] = []
        self._last = 0

    def add(self, fault: Fault) -> int:
        """Put a fault into force; return its number."""
        self._last += 1
        self._active.append(_ActiveFault(self._last, fault))
        return self._last

    def clear(self) -> None:
        """Put every fault out of force."""
        self._active.clear()

    def listing(self) -> list[dict[str, Any]]:
        """Return every fault with its number and how often it happened."""
        return [{"fault": rule.number, "applied": rule.applied, **rule.fault.model_dump()} for rule in self._active]

    def pick(self, path: str) -> list[Fault]:
        """Return what happens to a call, and count it."""
        return [rule.fault for rule in self._active if rule.happens(path)]


class _ActiveFault:
    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.applied = 0
        self._matched = 0

    def happens(self, path: str) -> bool:
        fault = self.fault
        if not fnmatch.fnmatchcase(path, fault.path):
            return False
        self._matched += 1
        if self._matched <= fault.after or (fault.times is not None and self.applied >= fault.times):
            return False
        self.applied += 1
        return True
