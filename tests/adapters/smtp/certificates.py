"""Certificates of a relay, made when a test asks for them, so that none of them ages; by Debian's `openssl`."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_CONFIGURATION = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[req]
distinguished_name = empty
prompt = no
[empty]
CN = {host}
[names]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:{host}
"""


def self_signed(folder: Path, *, host: str, since: timedelta, until: timedelta) -> Path:
    """Make a key and its own certificate for a host, valid from `since` to `until` from now; return the PEM of both."""
    folder.mkdir()
    configuration, key, request, certificate = (folder / one for one in ("ca.cnf", "key.pem", "request", "cert.pem"))
    configuration.write_text(_CONFIGURATION.format(folder=folder, host=host))
    (folder / "index.txt").touch()
    now = datetime.now(UTC)
    start, end = (f"{now + by:%Y%m%d%H%M%SZ}" for by in (since, until))
    _openssl("req", "-config", configuration, "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request)
    signing: list[str | Path] = ["-selfsign", "-keyfile", key, "-in", request, "-out", certificate, "-notext", "-batch"]
    _openssl("ca", "-config", configuration, *signing, "-startdate", start, "-enddate", end)
    pem = folder / "relay.pem"
    pem.write_text(key.read_text() + certificate.read_text())
    return pem


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)
