"""Metrics and traces of a process: a Prometheus endpoint, a push by OTLP, or nothing at all.

Temporal's own metrics come from its Rust core. They are not copied through Python one by one (that work would compete
with sending for the interpreter): the core serves or pushes them itself, and our endpoint appends the core's answer to
its own, so that an operator scrapes one address.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_client import CollectorRegistry
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    OpenTelemetryConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from relance import __version__
from relance.runtime.endpoint import MetricsEndpoint
from relance.runtime.metric import SECONDS
from relance.runtime.metrics import Instruments
from relance.runtime.span_redaction import CleanExporter
from relance.settings.monitoring import Monitoring

PUSH_EVERY = timedelta(seconds=3)
"""SPEC H4 wants metrics fresh within 5 s."""
PUSH_TIMEOUT = 2.0

# The defaults of the core begin at 100 ms, where nothing of ours happens.
_LATENCIES = {
    "workflow_task_schedule_to_start_latency": SECONDS,
    "activity_schedule_to_start_latency": SECONDS,
    "workflow_task_execution_latency": SECONDS,
    "activity_execution_latency": SECONDS,
}

# The core's records take the same way as ours: one form, no addresses.
_CORE_LOGS = LoggingConfig(
    filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
    forwarding=LogForwardingConfig(logger=logging.getLogger("temporal_core")),
)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the composition root hands on; owned, and shut down, by the caller of `configure`."""

    runtime: Runtime
    instruments: Instruments
    interceptors: Sequence[TracingInterceptor] = ()
    metrics_url: str | None = None
    _closing: Sequence[Callable[[], object]] = field(default=(), repr=False)

    def shutdown(self) -> None:
        """Push what is left and close the endpoint; takes a few seconds at most."""
        for close in self._closing:
            with suppress(Exception):
                close()


def configure(monitoring: Monitoring, service: str) -> Telemetry:
    """Set up metrics and traces of this process as the settings say; without settings nothing is collected.

    `service` names the kind of process. With both an endpoint and OTLP, the core's metrics are on the endpoint only, as
    the core has one exporter. Hand `runtime` and `interceptors` to `Client.connect`.

    Raises:
        OSError: the port of the endpoint is taken.
    """
    resource = Resource.create(
        {
            "service.name": service,
            "service.version": __version__,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )
    core: PrometheusConfig | OpenTelemetryConfig | None = None
    readers: list[MetricReader] = []
    interceptors: list[TracingInterceptor] = []
    closing: list[Callable[[], object]] = []
    endpoint: MetricsEndpoint | None = None
    if monitoring.otlp_endpoint is not None:
        base = monitoring.otlp_endpoint.rstrip("/")
        readers.append(_pushing_reader(base))
        core = _core_push(base)
        tracers = _tracer_provider(base, resource, monitoring.trace_share)
        # A Schedule starts workflows without a span; without the option they would have none at all.
        interceptors.append(TracingInterceptor(tracers.get_tracer("relance"), always_create_workflow_spans=True))
        closing.append(tracers.shutdown)
    if monitoring.metrics_port is not None:
        registry = CollectorRegistry()
        readers.append(PrometheusMetricReader(scope_info_enabled=False, registry=registry))
        core = _core_endpoint()
        endpoint = MetricsEndpoint(monitoring.metrics_host, monitoring.metrics_port, registry, core=core.bind_address)
        closing.append(endpoint.close)
    meters: metrics.MeterProvider = NoOpMeterProvider()
    if readers:
        # Looking for exemplars would double the cost of every count.
        meters = provider = MeterProvider(
            readers, resource, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        closing.append(lambda: provider.shutdown(timeout_millis=PUSH_TIMEOUT * 1000))
    return Telemetry(
        runtime=Runtime(telemetry=TelemetryConfig(logging=_CORE_LOGS, metrics=core)),
        instruments=Instruments(meters.get_meter("relance", __version__)),
        interceptors=interceptors,
        metrics_url=endpoint.url if endpoint else None,
        _closing=closing,
    )


def _pushing_reader(base: str) -> PeriodicExportingMetricReader:
    exporter = OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=PUSH_TIMEOUT)
    return PeriodicExportingMetricReader(exporter, PUSH_EVERY.total_seconds() * 1000)


def _core_push(base: str) -> OpenTelemetryConfig:
    return OpenTelemetryConfig(
        url=f"{base}/v1/metrics",
        http=True,
        metric_periodicity=PUSH_EVERY,
        durations_as_seconds=True,
        histogram_bucket_overrides=_LATENCIES,
    )


def _core_endpoint() -> PrometheusConfig:
    return PrometheusConfig(
        bind_address=f"127.0.0.1:{_free_port()}",
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=_LATENCIES,
    )


def _tracer_provider(base: str, resource: Resource, share: float) -> TracerProvider:
    provider = TracerProvider(ParentBased(TraceIdRatioBased(share)), resource, shutdown_on_exit=False)
    exporter = CleanExporter(OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=PUSH_TIMEOUT))
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=PUSH_EVERY.total_seconds() * 1000))
    trace.set_tracer_provider(provider)
    return provider


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
