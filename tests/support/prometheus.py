"""A real Prometheus (Debian package `prometheus`) with the rules of the deployment, scraping one worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from relance.devstack import processes

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
READY_S = 60.0


class Prometheus:
    """A running Prometheus with the rules of the deployment."""

    def __init__(self, url: str, browser: httpx.AsyncClient) -> None:
        self.url = url
        self._browser = browser

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return an instant query's series."""
        answer = (await self._browser.get(f"{self.url}/api/v1/query", params={"query": expression})).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def query_range(self, expression: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Return a range query's series."""
        params = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        answer = (await self._browser.get(f"{self.url}/api/v1/query_range", params=params)).json()
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    async def names(self) -> set[str]:
        """Return the names of every metric it has seen."""
        return set((await self._browser.get(f"{self.url}/api/v1/label/__name__/values")).json()["data"])

    async def answers(self) -> None:
        while True:
            try:
                if (await self._browser.get(f"{self.url}/-/ready")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)

    async def has(self, expression: str) -> list[dict[str, Any]]:
        """Wait until a query has an answer and return it."""
        async with asyncio.timeout(READY_S):
            while not (found := await self.query(expression)):
                await asyncio.sleep(0.3)
        return found


@asynccontextmanager
async def prometheus(folder: Path, metrics_url: str, alertmanager: str | None = None) -> AsyncIterator[Prometheus]:
    port = processes.free_port()
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s"}
    config["rule_files"] = [str(RULES)]
    target = metrics_url.removeprefix("http://").removesuffix("/metrics")
    config["scrape_configs"] = [{"job_name": "relance", "static_configs": [{"targets": [target]}]}]
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alertmanager] if alertmanager else []}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"{processes.HOST}:{port}"
    command = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        # It learns five seconds after its start where Alertmanager is; what fired before is sent again a minute later.
        "--rules.alert.resend-delay=1s",
    ]
    server = processes.start("prometheus", command, folder / "prometheus.log")
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as browser:
            found = Prometheus(f"http://{address}", browser)
            await server.ready(found.answers(), READY_S)
            yield found
    finally:
        await server.stop()
