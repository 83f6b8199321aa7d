"""What `doctor` says of connections that trust the network."""

from __future__ import annotations

from relance.domain.health.check_finding import CheckFinding, FindingState
from relance.domain.sentences import Sentence
from relance.errors import SettingsError
from relance.settings.mongo import Mongo
from relance.settings.trust import trusting_mongo
from relance.temporal.connection import trust

TRUST = "trust"


def trust_findings(mongo: Mongo) -> list[CheckFinding]:
    """Return what is wrong for servers on other machines: no TLS, or nobody has to say who they are."""
    try:
        unfit = [*trusting_mongo(mongo), *trust()]
    except SettingsError:
        # Connecting says so itself.
        unfit = trusting_mongo(mongo)
    if not unfit:
        return [
            CheckFinding(
                TRUST, FindingState.FINE, Sentence("servers elsewhere are reached encrypted and with credentials")
            )
        ]
    return [CheckFinding(found.setting, FindingState.WRONG, found.reason, found.remedy) for found in unfit]
