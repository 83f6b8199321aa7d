"""Logs, metrics, traces: where they go."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from relance.settings.group import SettingsGroup


class Monitoring(SettingsGroup):
    """Logs, metrics, traces."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level logged.")
    log_format: Literal["text", "json"] = Field("text", description="text for people, json for collectors.")
    metrics_host: str = Field("127.0.0.1", description="Address of the Prometheus endpoint.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of the Prometheus endpoint; 0 takes a free one; none means no endpoint."
    )
    health_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of /live and /ready, at the address of the metrics; 0 takes a free one; none means neither.",
    )
    otlp_endpoint: str | None = Field(None, pattern=r"^https?://", description="OTLP/HTTP collector, without path.")
    trace_share: float = Field(1.0, ge=0, le=1, description="Share of traces that are recorded, with OTLP.")
