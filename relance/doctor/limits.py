"""The limits of sending as `doctor` and `cycle status` show them: their scope, and what rests now (SPEC C8, X3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from relance.domain.health.probes import WorkerReport
from relance.domain.mail.providers import LIMITS, OTHER
from relance.domain.mail.sharing import LimitShare
from relance.domain.sentences import Listed, Sentence, plural
from relance.ports import Workers
from relance.runtime.reporter import SENDING, lately
from relance.settings import Settings


class ReportingWorkers(Protocol):
    """The repository that knows which processes there are."""

    @property
    def workers(self) -> Workers: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """The limits of the installation, and the reports of the processes that share them, as of `now`."""

    settings: Settings
    reports: Sequence[WorkerReport]
    now: datetime

    @property
    def senders(self) -> list[str]:
        """The processes that send."""
        return sorted(report.worker for report in self.reports if report.role in SENDING)

    @property
    def is_short(self) -> bool:
        """Whether there are more processes than connections, so that the relay may see more than the limit."""
        return len(self.senders) > self.settings.mail.connections

    @property
    def relay(self) -> str:
        """The relay's limits and each process's part, in words."""
        mail = self.settings.mail
        whole = plural(
            "{mails} and {count} connection for the installation",
            "{mails} and {count} connections for the installation",
            mail.connections,
            mails=_mails(mail.rate),
        )
        if not self.senders:
            return Sentence("{whole}; no process sends just now", whole=whole)
        parts = sorted({share.whole(mail.connections) for share in self._shares})
        rate = Sentence("{mails} and ", mails=_mails(self._shares[0].rate(mail.rate))) if mail.rate else ""
        return plural(
            "{whole}; {count} process sends: {rate}{parts} for it",
            "{whole}; {count} processes send: {rate}{parts} each",
            len(self.senders),
            whole=whole,
            rate=rate,
            parts=_either([str(part) for part in parts]),
        )

    @property
    def providers(self) -> str:
        """The providers' limits, in words; they hold for the installation as well."""
        pacing = self.settings.pacing
        limits = [
            Sentence("{name} {limit}", name=name, limit=_limit(limit.connections, limit.rate))
            for name, limit in pacing.limits.items()
        ]
        return Sentence(
            "mails under way at once, for the installation: {listed}, any other domain {others}",
            listed=Listed(limits),
            others=_limit(pacing.connections, self.settings.mail.rate_per_domain),
        )

    @property
    def rests(self) -> dict[str, timedelta]:
        """How long each provider is still left alone; domains outside the table count together."""
        found: dict[str, timedelta] = {}
        for report in self.reports:
            age = max((self.now - report.at).total_seconds(), 0.0)
            for rest in report.rests:
                label = rest.provider if rest.provider in LIMITS else OTHER
                left = timedelta(seconds=round(rest.after(age).left))
                if left:
                    found[label] = max(left, found.get(label, left))
        return dict(sorted(found.items()))

    @property
    def resting(self) -> str:
        """What rests, in words; empty if nothing does."""
        return Listed(
            Sentence("{name} for {left}", name=Sentence("other domains") if name == OTHER else name, left=left)
            for name, left in self.rests.items()
        )

    @property
    def data(self) -> dict[str, Any]:
        """It for machines."""
        mail = self.settings.mail
        return {
            "scope": "installation",
            "rate": mail.rate,
            "connections": mail.connections,
            "processes": {name: share.whole(mail.connections) for name, share in self._named.items()},
            "resting": {name: left.total_seconds() for name, left in self.rests.items()},
        }

    @property
    def _named(self) -> dict[str, LimitShare]:
        shares = {}
        for name in self.senders:
            shares[name] = LimitShare()
            shares[name].among(self.senders, name)
        return shares

    @property
    def _shares(self) -> list[LimitShare]:
        return list(self._named.values())


async def sending_limits(settings: Settings, database: ReportingWorkers, now: datetime) -> SendingLimits:
    """Return the limits and who shares them now.

    Raises:
        DependencyUnavailable: MongoDB.
    """
    alive = await database.workers.alive(now - lately(settings.health.report_every))
    return SendingLimits(settings, alive, now)


def _mails(rate: float | None) -> str:
    return Sentence("{rate:g} mails/s", rate=rate) if rate else Sentence("any rate")


def _limit(connections: int, rate: float | None) -> str:
    if not rate:
        return str(connections)
    return Sentence("{connections} ({rate})", connections=str(connections), rate=_mails(rate))


def _either(parts: Sequence[str]) -> str:
    return Sentence("{one} or {other}", one=parts[0], other=parts[1]) if len(parts) == 2 else ", ".join(parts)
