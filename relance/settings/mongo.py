"""The settings of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from relance.settings.group import SettingsGroup


def _mongo_uri(uri: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(uri.get_secret_value())
        hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
        fits = parts.scheme in {"mongodb", "mongodb+srv"} and all(host.hostname and host.port != 0 for host in hosts)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("is no connection string like mongodb://host:27017/?replicaSet=rs0")
    return uri


class Mongo(SettingsGroup):
    """The database."""

    uri: Annotated[SecretStr, AfterValidator(_mongo_uri)] = Field(
        SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0"), description="Connection string of a replica set."
    )
    username: str | None = Field(
        None, min_length=1, description="Who we are to the database, instead of a name in the connection string."
    )
    password: SecretStr | None = Field(None, description="The password of that name; best as a file.")
    tls_ca_file: Path | None = Field(
        None, description="File (PEM) of the authority that signed the servers' certificates; turns TLS on."
    )
    tls_certificate_key_file: Path | None = Field(
        None, description="File (PEM) with our own certificate and its key, where servers ask for one; turns TLS on."
    )
    database: str = Field("form_a_friend", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="Database name.")
    timeout: float = Field(10.0, gt=0, le=120, description="Seconds to find a primary and for each operation.")
    pool: int = Field(32, ge=1, le=500, description="Most connections to the database, per process.")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers the connection string names, without their ports."""
        return tuple(urlsplit(f"//{host}").hostname or "" for host in self._parts.netloc.rpartition("@")[2].split(","))

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        asked = self._options.get("tls", self._options.get("ssl", [str(self._parts.scheme == "mongodb+srv")]))
        return asked[-1].lower() == "true" or bool(self.tls_files)

    @property
    def is_authenticated(self) -> bool:
        """Whether we say who we are."""
        named = "@" in self._parts.netloc or self.username is not None
        return named or self._options.get("authmechanism", [""])[-1].upper() == "MONGODB-X509"

    @property
    def tls_files(self) -> dict[str, str]:
        """The driver's options for the files that are set."""
        files = {"tlsCAFile": self.tls_ca_file, "tlsCertificateKeyFile": self.tls_certificate_key_file}
        return {name: str(file) for name, file in files.items() if file is not None}

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        for name, file in self.tls_files.items():
            if not Path(file).is_file():
                field = {"tlsCAFile": "tls_ca_file"}.get(name, "tls_certificate_key_file")
                raise ValueError(f"{field}: there is no file {file}")
        return self

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.uri.get_secret_value())

    @property
    def _options(self) -> dict[str, list[str]]:
        return {name.lower(): values for name, values in parse_qs(self._parts.query).items()}
