"""The report of a scenario that consists of several trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.mail.trial import Trial


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all trials; `figures` and `problems` belong to none of them alone."""

    trials: Sequence[Trial]
    duration_s: float
    figures: Mapping[str, Any] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether everything was as it must be."""
        return not self.problems and all(not trial.findings for trial in self.trials)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures for machines."""
        return {
            "lost": sum(trial.lost for trial in self.trials),
            "duplicates": sum(trial.evidence.duplicates for trial in self.trials),
            "bound": sum(trial.evidence.bound for trial in self.trials),
            "same_message_id": all(trial.evidence.same_message_id for trial in self.trials),
            "ineligible": sum(trial.ineligible for trial in self.trials),
            "balance": sum(abs(trial.evidence.balance.balance) for trial in self.trials),
            "mails": sum(len(trial.evidence.accepted) for trial in self.trials),
            "eligible": sum(trial.expected.eligible for trial in self.trials),
            "refused": sum(len(trial.expected.refused) for trial in self.trials),
            "peak_rss_mb": round(max(trial.evidence.peak_rss_mb for trial in self.trials), 1),
            **self.figures,
            "trials": {trial.name: trial.as_dict() for trial in self.trials},
            "invariants": self._invariants(),
            "problems": [*self.problems, *(f"{one.name}: {text}" for one in self.trials for text in one.problems)],
            "holds": self.holds,
            "duration_s": round(self.duration_s, 1),
        }

    def _invariants(self) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for trial in self.trials:
            for verdict in trial.verdicts:
                broken = found.setdefault(verdict.name, [])
                if not verdict.holds:
                    broken.append(f"{trial.name}: {verdict.finding}" if len(self.trials) > 1 else verdict.finding)
        return {name: "; ".join(broken) or "holds" for name, broken in found.items()}
