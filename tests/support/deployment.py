"""What the containers of docker-compose.yml see, laid out in a folder: their files, environment and commands."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SECRETS_SH = ROOT / "deploy" / "secrets.sh"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def secrets_sh(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `deploy/secrets.sh` to its end, whatever comes of it."""
    return subprocess.run(
        [SECRETS_SH, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mounts(service: str) -> dict[str, str]:
    """Return where the container of a service finds which secret: the secrets' names by their places."""
    given = [found if isinstance(found, dict) else {"source": found} for found in SERVICES[service]["secrets"]]
    return {found.get("target", f"/run/secrets/{found['source']}"): found["source"] for found in given}


class Container:
    """The secrets of one service in a folder that stands for its root."""

    def __init__(self, service: str, secrets: Path, root: Path) -> None:
        self._service = SERVICES[service]
        self._root = root
        for place, name in mounts(service).items():
            file = Path(self.path(place))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((secrets / name).read_bytes())

    def path(self, text: str) -> str:
        """Return a place in the container, or a text that begins with it, as the place in our folder."""
        return f"{self._root}{text}" if text.startswith("/run/") else text

    @property
    def environment(self) -> Mapping[str, str]:
        """Its variables; those that docker-compose takes from `.env` have their defaults or none."""
        given: dict[str, str] = self._service["environment"]
        return {name: self.path(value) for name, value in given.items() if not value.startswith("${")}

    def command(self, name: str) -> list[str]:
        """Return the arguments that its shell gives to the server of this name."""
        (script,) = self._service["command"]
        words = shlex.split(script.rpartition(f" {name} ")[2])
        return [self.path(word) for word in words]
