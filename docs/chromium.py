"""Headless Chromium, for `screenshots.py`: a fresh profile for each picture, and no talk to the outside."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
]
PATIENCE = 30.0


def command(profile: str) -> list[str]:
    """Return the command line of Chromium with a profile folder; ends this process if there is none."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        sys.exit("Chromium is not on PATH; on Debian: apt-get install chromium")
    return [binary, *QUIET, f"--user-data-dir={profile}/profile"]


def chromium(profile: str, arguments: str) -> str:
    """Run Chromium once; return what it printed."""
    whole = [*command(profile), *arguments.split()]
    return subprocess.run(whole, check=True, capture_output=True, text=True, timeout=60).stdout


def picture(page: str, width: int, target: Path, *, dark: bool = False) -> None:
    """Write what a page of this width looks like to a PNG file.

    It is laid out in a frame of exact width, because a headless window is never narrower than about 500 pixels; its
    height is measured first, so that nothing is cut off or left empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        script = "f.onload=()=>{document.title='h'+f.contentDocument.documentElement.scrollHeight}"
        frame.write_text(
            f'<!DOCTYPE html><body style="margin:0"><iframe id="f" srcdoc="{escape(page)}" '
            f'style="display:block;border:0;width:{width}px;height:100px"></iframe><script>{script}</script>'
        )
        dumped = chromium(folder, f"--window-size=1200,800 --dump-dom --virtual-time-budget=2000 {frame.as_uri()}")
        found = re.search(r"<title>h(\d+)</title>", dumped)
        if found is None:
            sys.exit("the height of the page could not be measured")
        frame.write_text(frame.read_text().replace("height:100px", f"height:{found[1]}px"))
        scheme = "--blink-settings=preferredColorScheme=0" if dark else "--blink-settings=preferredColorScheme=1"
        size = f"--window-size={width},{found[1]}"
        chromium(folder, f"{scheme} {size} --screenshot={target} {frame.as_uri()}")
    print(f"{target.name}: {width} x {found[1]}, {target.stat().st_size // 1024} kB")


class Tab:
    """One page, driven by the DevTools protocol over a pair of pipes.

    A page that keeps asking its server never comes to rest, so `--screenshot` with a time budget waits forever.
    """

    def __init__(self, receive: int, send: int) -> None:
        self._receive, self._send = receive, send
        self._buffer = b""
        self._calls = 0
        self._session: str | None = None
        pages = [one for one in self._call("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self._call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = attached["sessionId"]

    def resize(self, width: int, height: int) -> None:
        """Make the viewport exactly this large."""
        size = {"width": width, "height": height}
        self._call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)

    def open(self, url: str, until: str) -> None:
        """Load a page and wait until a JavaScript condition holds."""
        self._call("Page.navigate", url=url)
        deadline = time.monotonic() + PATIENCE
        while not self.value(until):
            if time.monotonic() > deadline:
                sys.exit(f"{url} does not show what it should: {until}")
            time.sleep(0.2)

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def capture(self, left: int, top: int, width: int, height: int) -> bytes:
        """Return a part of the page as PNG."""
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self._call("Page.captureScreenshot", clip=clip)["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._calls += 1
        request: dict[str, Any] = {"id": self._calls, "method": method, "params": parameters}
        if self._session is not None:
            request["sessionId"] = self._session
        os.write(self._send, json.dumps(request).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._calls:
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = os.read(self._receive, 1 << 20)
            if not read:
                sys.exit("Chromium ended")
            self._buffer += read
        one, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(one)
        return message


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Run Chromium with a profile in this folder, and end it."""
    to_us, from_it = os.pipe()
    to_it, from_us = os.pipe()
    # It reads from descriptor 3 and writes to 4; a shell puts the pipes there, whatever their numbers here.
    there = ["bash", "-c", f'exec "$@" 3<&{to_it} 4>&{from_it}', "bash"]
    started = subprocess.Popen(
        [*there, *command(str(folder)), "--remote-debugging-pipe", "about:blank"],
        pass_fds=(to_it, from_it),
        stderr=subprocess.DEVNULL,
    )
    os.close(to_it)
    os.close(from_it)
    try:
        yield Tab(to_us, from_us)
    finally:
        os.close(from_us)
        os.close(to_us)
        started.terminate()
        started.wait(timeout=10)
