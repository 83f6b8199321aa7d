"""What a metric is: its kind, its unit, what it means, and the limits of its histogram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WAITS = (1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0, 604_800.0)
JOB_SECONDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)
GROUP_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

_SUFFIXES = {"s": "_seconds", "By": "_bytes"}


class Kind(StrEnum):
    """Kinds of metrics, as Prometheus calls them."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `attributes` says what values each may have, `use` what to do with it, `bounds` are a histogram's."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    use: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[float, ...] = ()

    @property
    def prometheus(self) -> str:
        """The name on the Prometheus endpoint; a histogram's series add `_bucket`, `_sum` and `_count` to it."""
        total = "_total" if self.kind is Kind.COUNTER else ""
        return f"{self.name.replace('.', '_')}{_SUFFIXES.get(self.unit, '')}{total}"
