"""The certificates of `deploy/secrets.sh`: who believes whom, under which name, and what is said of their end."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import SERVICES, mounts, secrets_sh

pytestmark = pytest.mark.debian

PARTIES = {"postgres", "temporal", "mongo", "temporal_ui", "operator", "relance"}
SERVERS = {"postgres": "postgres", "temporal": "temporal", "mongo": "mongo", "temporal_ui": "temporal-ui"}
"""Each server's service, which is its host name."""


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    assert secrets_sh(folder).returncode == 0
    return folder


def _shake_hands(secrets: Path, server: str, host: str, client: str | None, authority: Path | None = None) -> None:
    """Do what two processes do that connect, in memory; the server asks for a certificate."""
    accepting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(secrets / "tls_authority"))
    accepting.verify_mode = ssl.CERT_REQUIRED
    accepting.load_cert_chain(secrets / f"tls_{server}")
    calling = ssl.create_default_context(cafile=str(authority or secrets / "tls_authority"))
    calling.verify_flags |= ssl.VERIFY_X509_STRICT
    if client is not None:
        calling.load_cert_chain(secrets / f"tls_{client}")
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [calling.wrap_bio(back, there, server_hostname=host), accepting.wrap_bio(there, back, server_side=True)]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert [end.version() for end in ends] == ["TLSv1.3", "TLSv1.3"]


@pytest.mark.parametrize(
    ("server", "client"),
    [("temporal", "relance"), ("temporal", "operator"), ("temporal", "temporal_ui"), ("temporal", "temporal"),
     ("mongo", "relance"), ("mongo", "mongo"), ("postgres", "temporal"), ("temporal_ui", "relance")],
)  # fmt: skip
def test_who_belongs_to_the_deployment_is_believed_under_the_name_of_its_service(
    secrets: Path, server: str, client: str
) -> None:
    _shake_hands(secrets, server, SERVERS[server], client)


@pytest.mark.parametrize("server", SERVERS)
def test_no_server_may_stand_for_another(secrets: Path, server: str) -> None:
    for host in {*SERVERS.values(), "relance.test"} - {SERVERS[server]}:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            _shake_hands(secrets, server, host, "relance")


def test_what_is_a_client_serves_nobody_and_a_database_calls_nobody(secrets: Path) -> None:
    for server, client in (("relance", "operator"), ("operator", "relance"), ("temporal", "postgres")):
        with pytest.raises(ssl.SSLCertVerificationError, match=r"purpose|Hostname"):
            _shake_hands(secrets, server, SERVERS.get(server, server), client)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        _shake_hands(secrets, "temporal", "temporal", None)


def test_another_deployment_is_not_believed(secrets: Path, tmp_path: Path) -> None:
    assert secrets_sh(tmp_path / "strangers").returncode == 0
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(secrets, "temporal", "temporal", "relance", tmp_path / "strangers" / "tls_authority")
    (tmp_path / "strangers" / "tls_authority").write_bytes((secrets / "tls_authority").read_bytes())
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(tmp_path / "strangers", "temporal", "temporal", "relance")
    found = secrets_sh("--check", tmp_path / "strangers")
    assert found.returncode == 1
    assert found.stderr.count("is not signed by") == len(PARTIES)


def test_each_container_has_its_own_certificate_and_none_the_key_of_the_authority() -> None:
    own = {name: mounts(name).get("/run/tls/own") for name, service in SERVICES.items() if "secrets" in service}
    assert not any("tls_authority_key" in mounts(name).values() for name in own)
    for party, service in SERVERS.items():
        assert [name for name, found in own.items() if found == f"tls_{party}"] == [service]
    assert {found for found in own.values() if found} == {f"tls_{party}" for party in PARTIES}


def test_what_ends_soon_is_named_and_renewed_by_the_same_authority(tmp_path: Path) -> None:
    made = secrets_sh(tmp_path, CERTIFICATE_DAYS="29")
    assert made.returncode == 1
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    for arguments in ([tmp_path], ["--check", tmp_path]):
        said = secrets_sh(*arguments)
        assert (said.returncode, said.stdout) == (1, "")
        assert all(f"tls_{party}: notAfter=" in said.stderr for party in PARTIES)
        assert "--renew" in said.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert secrets_sh("--renew", tmp_path).returncode == 0
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {f"tls_{party}" for party in PARTIES}
    assert secrets_sh("--check", tmp_path).returncode == 0


def test_of_an_authority_that_ends_soon_it_is_said_that_renewing_does_not_help(tmp_path: Path) -> None:
    assert secrets_sh(tmp_path).returncode == 0
    authority, key = tmp_path / "tls_authority", tmp_path / "tls_authority_key"
    shorten: list[str | Path] = ["openssl", "x509", "-days", "29", "-in", authority, "-signkey", key]
    shortened = subprocess.run(shorten, capture_output=True, check=True, timeout=60).stdout
    authority.unlink()
    authority.write_bytes(shortened)
    said = secrets_sh("--check", tmp_path)
    assert said.returncode == 1
    assert "the authority itself ends" in said.stderr
    assert "--renew" not in said.stderr


def test_the_authoritys_key_may_be_kept_elsewhere_until_something_is_signed(secrets: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for file in secrets.iterdir():
        if file.name != "tls_authority_key":
            (folder / file.name).write_bytes(file.read_bytes())
    assert secrets_sh(folder).returncode == 0
    refused = secrets_sh("--renew", folder)
    assert refused.returncode == 1
    assert "put tls_authority_key back" in refused.stderr
    assert (folder / "tls_relance").read_bytes() == (secrets / "tls_relance").read_bytes()


def test_there_is_nothing_to_look_at_before_the_first_run(tmp_path: Path) -> None:
    found = secrets_sh("--check", tmp_path / "none")
    assert (found.returncode, (tmp_path / "none").exists()) == (1, False)
    assert "run deploy/secrets.sh" in found.stderr
    assert secrets_sh("--help").returncode == 2
