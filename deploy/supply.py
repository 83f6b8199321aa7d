"""What Relance is delivered with: licences of its packages, an SBOM, the list of images.

python deploy/supply.py check          licences and images; exit code 1 names what is wrong
python deploy/supply.py pin            write the images' digests into the files that name them; asks by docker buildx
python deploy/supply.py sbom FILE      write a CycloneDX SBOM of what a worker needs
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import yaml
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
REGISTRY_S = 60
LOCK = ROOT / "requirements-worker.lock"
ALLOWED = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
    }
)
"""Licences of packages that may be part of a worker: none asks for more than a notice, MPL-2.0 within its files."""
READ = {"dkimpy": "Zlib", "protobuf": "BSD-3-Clause"}
"""Packages that do not name their licence by its SPDX id; somebody has read it."""
NAMED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}


def pinned() -> dict[str, str]:
    """Return the packages of a worker on this platform and their versions."""
    lines = re.findall(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", LOCK.read_text(), flags=re.MULTILINE)
    return {name: version for name, version, marker in lines if not marker or Marker(marker).evaluate()}


def licence(name: str) -> str:
    """Return the licence of an installed package as an SPDX expression; empty if nobody knows it."""
    if name in READ:
        return READ[name]
    data = distribution(name).metadata
    if data["License-Expression"]:
        return str(data["License-Expression"])
    classified = {text.rpartition(" :: ")[2] for text in data.get_all("Classifier") or [] if text.startswith("License")}
    known = [NAMED[text] for text in sorted(classified) if text in NAMED]
    written = str(data["License"] or "")
    return written if written in ALLOWED else known[0] if known else ""


def wrong_licences() -> Iterator[str]:
    """Yield the packages whose licence is unknown or not allowed."""
    for name in pinned():
        try:
            found = licence(name)
        except PackageNotFoundError:
            yield f"{name}: is in the lock and not installed; run `make setup`"
            continue
        parts = set(re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", found)) - {""}
        if not parts:
            yield f"{name}: names no licence that is known; read it, and add it to READ in deploy/supply.py"
        elif not parts <= ALLOWED:
            yield f"{name}: {found} is not in ALLOWED of deploy/supply.py; see whether a worker may hold it"


def listed_images() -> dict[str, str]:
    """Return the images of the list, each with its digest; empty if it has none."""
    images = tomllib.loads((ROOT / "deploy" / "images.toml").read_text())["image"]
    return {image["name"]: image.get("digest", "") for image in images}


def wrong_images() -> Iterator[str]:
    """Yield images that are not pinned or not listed, and listed ones that nothing uses."""
    listed = listed_images()
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    used = {service["image"] for service in services.values() if "image" in service and "build" not in service}
    used |= set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE))
    names = {image.partition("@")[0] for image in used}
    for name in sorted(names - listed.keys()):
        yield f"{name}: is used and not listed in deploy/images.toml"
    for name in sorted(listed.keys() - names):
        yield f"{name}: is listed in deploy/images.toml and nothing uses it"
    for image in sorted(used):
        name, _, digest = image.partition("@")
        if not re.search(r":v?\d+\.\d+", name):
            yield f"{name}: has no tag of an exact version"
        if digest != listed.get(name, digest):
            yield f"{image}: has another digest in deploy/images.toml; run `python deploy/supply.py pin`"


def pin() -> None:
    """Write the digest of each listed image into the list, the compose file and the Dockerfile: all of them or none.

    Raises:
        SystemExit: a registry does not say; names the image.
    """
    digests = {name: _digest(name) for name in listed_images()}
    for path in (ROOT / "docker-compose.yml", ROOT / "Dockerfile"):
        text = path.read_text()
        for name, digest in digests.items():
            named = rf"^(\s*image: |FROM ){re.escape(name)}(?:@\S+)?"
            text = re.sub(named, rf"\g<1>{name}@{digest}", text, flags=re.MULTILINE)
        path.write_text(text)
    listed = ROOT / "deploy" / "images.toml"
    text = listed.read_text()
    for name, digest in digests.items():
        text = re.sub(
            rf'^(name = "{re.escape(name)}"\n)(?:digest = .*\n)?', rf'\g<1>digest = "{digest}"\n', text, flags=re.M
        )
    listed.write_text(text)


def _digest(name: str) -> str:
    command = ["docker", "buildx", "imagetools", "inspect", name, "--format", "{{.Manifest.Digest}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=REGISTRY_S, check=False)
    except FileNotFoundError:
        sys.exit("docker is not installed here: run this where it is, with its plugin buildx")
    digest = done.stdout.strip()
    if done.returncode or not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        sys.exit(f"{name}: its registry names no digest; nothing was changed: {done.stderr.strip() or digest}")
    return digest


def sbom() -> dict[str, Any]:
    """Return an SBOM of the lock, with licences; the same lock gives the same SBOM."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "sbom.json"
        command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "--output-reproducible"]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(written), str(LOCK)]
        subprocess.run(command, check=True, cwd=ROOT)
        found: dict[str, Any] = json.loads(written.read_text())
    here = pinned()
    for component in found["components"]:
        # Which index a package comes from is decided where it is installed; its hashes stay.
        for reference in component.pop("externalReferences", []):
            component.setdefault("hashes", []).extend(reference.get("hashes", []))
        component.pop("description", None)
        if component["name"] in here and (expression := licence(component["name"])):
            component["licenses"] = [{"expression": expression}]
    return found


def main(arguments: list[str]) -> int:
    """Run one of the ways to call this."""
    match arguments:
        case ["check"]:
            wrong = [*wrong_licences(), *wrong_images()]
            for line in wrong:
                sys.stderr.write(f"{line}\n")
            return 1 if wrong else 0
        case ["pin"]:
            pin()
            return 0
        case ["sbom", file]:
            target = Path(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(sbom(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
            return 0
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
