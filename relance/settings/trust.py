"""Which connections trust the network: to servers elsewhere, in the open, or without saying who we are."""

from __future__ import annotations

from relance.domain.sentences import Sentence
from relance.settings.loopback import is_here
from relance.settings.mongo import Mongo
from relance.settings.unfit import Unfit


def trusting_mongo(mongo: Mongo) -> list[Unfit]:
    """Return what is wrong with the connection to a database on another machine."""
    away = [host for host in mongo.hosts if not is_here(host)]
    if not away:
        return []
    found = []
    if not mongo.is_encrypted:
        remedy = Sentence("set RELANCE_MONGO__TLS_CA_FILE, or tls=true in the connection string")
        found.append(Unfit("RELANCE_MONGO__URI", Sentence("the way to {host} is not encrypted", host=away[0]), remedy))
    if not mongo.is_authenticated:
        remedy = Sentence("set RELANCE_MONGO__USERNAME and RELANCE_MONGO__PASSWORD, and turn authorization on")
        found.append(
            Unfit(
                "RELANCE_MONGO__URI", Sentence("{host} is spoken to without a name and password", host=away[0]), remedy
            )
        )
    return found


def trusting_temporal(host: str, *, encrypted: bool, authenticated: bool) -> list[Unfit]:
    """Return what is wrong with the connection to a Temporal server on another machine."""
    if is_here(host):
        return []
    found = []
    if not encrypted:
        remedy = Sentence("set TEMPORAL_TLS_SERVER_CA_CERT_PATH, or TEMPORAL_TLS=true for a public authority")
        found.append(Unfit("TEMPORAL_ADDRESS", Sentence("the way to {host} is not encrypted", host=host), remedy))
    if not authenticated:
        remedy = Sentence(
            "set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or TEMPORAL_API_KEY, and let the "
            "server ask for it: whoever reaches it may steer every workflow"
        )
        found.append(
            Unfit(
                "TEMPORAL_ADDRESS",
                Sentence("{host} is spoken to without a certificate or an API key", host=host),
                remedy,
            )
        )
    return found
