"""The peers' own Python environment, made on first use and again when their requirements change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.lock"
FOLDER = HERE.parents[1] / "build" / "peers" / "venv"


def python() -> Path:
    """Return the interpreter that has the peers' packages, each checked against its hash."""
    made = FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    found = FOLDER / "bin" / "python"
    if found.exists() and made.exists() and made.read_text(encoding="ascii") == wanted:
        return found
    print(f"making {FOLDER}", file=sys.stderr, flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    options = ["--disable-pip-version-check", "--quiet", "--require-hashes"]
    # Standard output belongs to the figures.
    command = [str(found), "-m", "pip", "install", *options, "--requirement", str(REQUIREMENTS)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    made.write_text(wanted, encoding="ascii")
    return found
