"""What people are told about the reconciliation (SPEC R8)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.failures import Severity
from relance.domain.reconciliation import Mended, ReconcilePolicy, mended
from relance.domain.repairs import Restarted, restarted

WATCHED = "users_watched"
SUBJECT = "follow-ups"
WORKFLOWS = "workflows"


def out_of_step(counts: Mapping[str, int], policy: ReconcilePolicy) -> Sighting:
    """Return the sighting that the ledger and the follow-ups were apart: `value` were mended, `current` cannot be."""
    return Sighting(
        rule=Rule.RECONCILIATION,
        group=Rule.RECONCILIATION,
        subject=SUBJECT,
        severity=Severity.HIGH,
        labels={kind.value: str(counts.get(kind, 0)) for kind in Mended},
        evidence=Evidence(
            value=Decimal(mended(counts)),
            threshold=Decimal(policy.alert_above),
            current=Decimal(counts.get(Mended.PLANS_STUCK, 0)),
        ),
    )


def restarts(counts: Mapping[str, int], policy: ReconcilePolicy) -> Sighting:
    """Return the sighting that many workflows had been ended by hand: `value` were started again."""
    return Sighting(
        rule=Rule.RECONCILIATION,
        group=Rule.RECONCILIATION,
        subject=WORKFLOWS,
        severity=Severity.HIGH,
        labels={kind.value: str(counts.get(kind, 0)) for kind in Restarted},
        evidence=Evidence(value=Decimal(restarted(counts)), threshold=Decimal(policy.alert_above)),
    )
