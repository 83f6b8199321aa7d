"""How Temporal is reached: by its own convention (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, a profile file, ...)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

from temporalio.client import Client, Plugin
from temporalio.client import ClientConnectConfig as ConnectOptions
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, TLSConfig

from relance.errors import DependencyUnavailable, SettingsError
from relance.settings.loopback import is_here
from relance.settings.trust import trusting_temporal
from relance.settings.unfit import Unfit
from relance.temporal.plugin import relance_plugin

_PLACE = re.compile(r"line \d+(, column \d+)?")
_HARMLESS = re.compile(r"(?i)profile .* not found|no such file|permission denied")
# With TLS 1.3 a server refuses a client's certificate after the client believes to be connected: it hangs up.
_HUNG_UP = r"after connection.*(transport error|operation was canceled)"
_CERTIFICATE = re.compile(rf"(?i)certificate|tls|handshake|unknownissuer|corrupt message|{_HUNG_UP}")


def target() -> ClientConnectConfig:
    """Return address, namespace, key and TLS from the environment and the profile file.

    Raises:
        SettingsError: the profile file or one of the variables cannot be used.
    """
    try:
        config = ClientConfig.load_client_connect_config()
    except (RuntimeError, ValueError) as error:
        # The parser quotes the line it stumbles over, and that line may hold a key.
        raise SettingsError(f"TEMPORAL_*: {_reason(str(error))}") from None
    config.setdefault("target_host", "127.0.0.1:7233")
    config.setdefault("namespace", "default")
    if not _is_address(config["target_host"]):
        raise SettingsError(f"TEMPORAL_ADDRESS: {config['target_host']!r} is no address; write it as HOST:PORT")
    return config


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        return bool(parts.hostname and parts.port) and not (parts.path or parts.query or parts.username)
    except ValueError:
        return False


def _reason(text: str) -> str:
    if (place := _PLACE.search(text)) is not None:
        return f"the profile file is not valid TOML, {place[0]}"
    first = text.splitlines()[0] if text else ""
    return first if _HARMLESS.match(first) else "the connection settings or the profile file cannot be used"


def trust() -> list[Unfit]:
    """Return what is wrong with the connection to a server on another machine.

    Raises:
        SettingsError: the profile file or one of the variables cannot be used.
    """
    config = target()
    tls, key = config.get("tls"), config.get("api_key")
    return trusting_temporal(
        config["target_host"].rsplit(":", 1)[0],
        encrypted=bool(tls) or bool(key),
        authenticated=bool(key) or bool(isinstance(tls, TLSConfig) and tls.client_cert),
    )


def _unreachable(address: str, text: str) -> str:
    if _CERTIFICATE.search(text):
        return (
            f"{address} and we do not trust each other's certificates; see TEMPORAL_TLS_SERVER_CA_CERT_PATH, "
            "TEMPORAL_TLS_SERVER_NAME, TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH"
        )
    return f"nothing answers at {address}; set TEMPORAL_ADDRESS"


async def connect(*, plugins: Sequence[Plugin] = (), runtime: Runtime | None = None, lazy: bool = False) -> Client:
    """Connect to Temporal; a lazy client connects with its first call, and each call tries until one has.

    Raises:
        DependencyUnavailable: nothing answers at the address.
        SettingsError: the connection settings cannot be used.
    """
    config = target()
    address = config["target_host"]
    local = is_here(address.rsplit(":", 1)[0])
    options = cast("ConnectOptions", config)
    options["lazy"] = lazy
    options["plugins"] = list(plugins) or [relance_plugin()]
    # Compressing for the loopback costs both sides time and saves nothing.
    options["grpc_compression"] = GrpcCompression.NONE if local else GrpcCompression.GZIP
    if runtime is not None:
        options["runtime"] = runtime
    try:
        return await Client.connect(**options)
    except RuntimeError as error:
        raise DependencyUnavailable("Temporal", _unreachable(address, str(error))) from error
