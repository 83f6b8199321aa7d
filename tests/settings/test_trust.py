from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from relance.settings import Mongo
from relance.settings.loopback import is_here
from relance.settings.trust import trusting_mongo, trusting_temporal


@pytest.mark.parametrize(
    ("uri", "wrong"),
    [
        ("mongodb://127.0.0.1:27017/?replicaSet=rs0", []),
        ("mongodb://localhost,[::1]:27018/?replicaSet=rs0", []),
        ("mongodb://mongo:27017/?replicaSet=rs0", ["encrypted", "name and password"]),
        ("mongodb://127.0.0.1,db2.internal/?replicaSet=rs0&tls=false", ["encrypted", "name and password"]),
        ("mongodb://u:p@mongo/?tls=true", []),
        ("mongodb://u:p@mongo/", ["encrypted"]),
        ("mongodb://mongo/?ssl=true", ["name and password"]),
        ("mongodb://mongo/?tls=true&authMechanism=MONGODB-X509", []),
        ("mongodb+srv://u:p@cluster.example/", []),
        ("mongodb+srv://cluster.example/?tls=false", ["encrypted", "name and password"]),
    ],
)
def test_a_database_elsewhere_wants_tls_and_a_name(uri: str, wrong: list[str]) -> None:
    found = trusting_mongo(Mongo(uri=SecretStr(uri)))
    assert [any(word in one.reason for word in wrong) for one in found] == [True] * len(wrong)
    assert "u:p" not in str(found)


def test_the_settings_may_say_it_beside_the_connection_string(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    mongo = Mongo(uri=SecretStr("mongodb://mongo"), username="u", password=SecretStr("p"), tls_ca_file=ca)
    assert trusting_mongo(mongo) == []


@pytest.mark.parametrize(
    "changes",
    [{"username": "u"}, {"password": "p"}, {"tls_ca_file": "/no/such/file"}, {"tls_certificate_key_file": "/x"}],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"belong together|there is no file"):
        Mongo.model_validate(changes)


@pytest.mark.parametrize(
    ("host", "encrypted", "authenticated", "wrong"),
    [
        ("127.0.0.1", False, False, 0),
        ("[::1]", False, False, 0),
        ("temporal", False, False, 2),
        ("temporal", True, False, 1),
        ("temporal", False, True, 1),
        ("ns.tmprl.cloud", True, True, 0),
    ],
)
def test_a_temporal_server_elsewhere_wants_both_too(
    host: str, encrypted: bool, authenticated: bool, wrong: int
) -> None:
    assert len(trusting_temporal(host, encrypted=encrypted, authenticated=authenticated)) == wrong


@pytest.mark.parametrize(
    ("host", "here"), [("LOCALHOST.", True), ("127.8.8.8", True), ("10.0.0.1", False), ("", False)]
)
def test_loopback_is_here(host: str, here: bool) -> None:
    assert is_here(host) is here
