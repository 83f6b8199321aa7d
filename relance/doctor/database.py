"""The doctor's look at the database, and at what is written in it: keys, channels, limits, documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from relance.doctor.intake_lag import lag_findings
from relance.doctor.limits import ReportingWorkers, SendingLimits, sending_limits
from relance.domain.alerts.reach import Reach, Reached, reached
from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.keys import KeyRegister
from relance.domain.quarantine import listed
from relance.domain.sentences import Listed, Sentence, plural
from relance.ports import ChannelStates, Quarantine
from relance.ports.keys import InstalledKeys
from relance.ports.mail_intake import IntakeMessages
from relance.runtime.key_admission import check
from relance.settings import Settings
from relance.settings.keyring import Keyring

MONGODB = "MongoDB"


class DoctorsData(ReportingWorkers, Protocol):
    """The repositories that the doctor asks."""

    @property
    def keys(self) -> InstalledKeys: ...  # noqa: D102
    @property
    def channel_states(self) -> ChannelStates: ...  # noqa: D102
    @property
    def quarantine(self) -> Quarantine: ...  # noqa: D102
    @property
    def intake_messages(self) -> IntakeMessages: ...  # noqa: D102
    async def missing_indexes(self) -> list[str]: ...  # noqa: D102


async def database_findings(settings: Settings, data: DoctorsData, now: datetime) -> list[CheckFinding]:
    """Return how the database stands, whether our keys are its own, whom alerts reach, and what cannot be read.

    Raises:
        DependencyUnavailable: the database.
    """
    missing = await data.missing_indexes()
    register = await data.keys.read()
    states = await data.channel_states.all()
    unreadable = {name: count.count for name, count in (await data.quarantine.counts()).items()}
    limits = _limits(await sending_limits(settings, data, now))
    keys = [_ring(ring, register) for ring in settings.privacy.keyrings if ring.texts]
    readers = [_reader(channel) for channel in reached(settings.routes, states, settings.channels.fingerprint)]
    lag = lag_findings(await data.intake_messages.lag(now), now) if settings.intake.port is not None else []
    rest = [*keys, *readers, *limits, *lag]
    if missing:
        said = Sentence("indexes are missing: {names}", names=", ".join(missing))
        return [CheckFinding(MONGODB, FindingState.WRONG, said, Sentence("run `starter.py bootstrap`")), *rest]
    fine = CheckFinding(MONGODB, FindingState.FINE, Sentence("a replica set with a primary; indexes are there"))
    return [fine, *rest, _documents(unreadable)]


def _limits(found: SendingLimits) -> list[CheckFinding]:
    remedy = Sentence(
        "run fewer processes, or raise RELANCE_MAIL__CONNECTIONS: each process has one connection at least"
    )
    rests = Sentence("none is left alone now")
    if found.resting:
        rests = Sentence("left alone now: {names}", names=found.resting)
    both = Sentence("{providers}; {rests}", providers=found.providers, rests=rests)
    return [
        CheckFinding("limits", FindingState.WARNING, found.relay, remedy)
        if found.is_short
        else CheckFinding("limits", FindingState.FINE, found.relay),
        CheckFinding("limits of providers", FindingState.FINE, both),
    ]


def _reader(found: Reached) -> CheckFinding:
    states = {Reach.TOLD: FindingState.FINE, Reach.UNTRIED: FindingState.WARNING, Reach.NOBODY: FindingState.WRONG}
    return CheckFinding(found.what, states[found.reach], found.detail, found.remedy)


def _documents(unreadable: Mapping[str, int]) -> CheckFinding:
    count = sum(unreadable.values())
    if not count:
        return CheckFinding("documents", FindingState.FINE, Sentence("none is known that cannot be read"))
    said = plural(
        "{count} document cannot be read: {names}",
        "{count} documents cannot be read: {names}",
        count,
        names=listed(unreadable),
    )
    return CheckFinding("documents", FindingState.WARNING, said, Sentence("see `starter.py quarantine list`"))


def _ring(ring: Keyring, register: KeyRegister) -> CheckFinding:
    found = check(ring, register)
    if found.reason is not None:
        return CheckFinding("keys", FindingState.WRONG, found.reason, Sentence("see `starter.py keys status`"))
    shown = [
        Sentence("{fingerprint} (new)", fingerprint=each) if each in found.new else each for each in ring.fingerprints
    ]
    said = Sentence(
        "{setting}: {keys}; the first one writes, all are looked up", setting=ring.setting, keys=Listed(shown)
    )
    return CheckFinding("keys", FindingState.FINE, said)
