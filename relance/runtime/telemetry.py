"""Metrics and traces of a process: a Prometheus endpoint, a push by OTLP, or nothing at all.

Temporal's own metrics come from its Rust core. They are not copied through Python one by one (that work would compete
with sending for the interpreter): the core serves or pushes them itself, and our endpoint appends the core's answer to
its own, so that an operator scrapes one address.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.runtime import OpenTelemetryConfig, PrometheusConfig, Runtime, TelemetryConfig

from relance import __version__
from relance.runtime.endpoint import MetricsEndpoint
from relance.runtime.metrics import SECONDS, Instruments
from relance.settings import Monitoring

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

    `service` names the kind of process. Hand `runtime` and `interceptors` to `Client.connect`.

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
    readers: list[MetricReader] = []
    closing: list[Callable[[], object]] = []
    endpoint: MetricsEndpoint | None = None
    core: PrometheusConfig | OpenTelemetryConfig | None = None
    if monitoring.otlp_endpoint is not None:
        url = f"{monitoring.otlp_endpoint.rstrip('/')}/v1/metrics"
        exporter = OTLPMetricExporter(endpoint=url, timeout=PUSH_TIMEOUT)
        readers.append(PeriodicExportingMetricReader(exporter, PUSH_EVERY.total_seconds() * 1000))
        core = OpenTelemetryConfig(
            url=url,
            http=True,
            metric_periodicity=PUSH_EVERY,
            durations_as_seconds=True,
            histogram_bucket_overrides=_LATENCIES,
        )
    if monitoring.metrics_port is not None:
        registry = CollectorRegistry()
        readers.append(PrometheusMetricReader(scope_info_enabled=False, registry=registry))
        address = f"127.0.0.1:{_free_port()}"
        core = PrometheusConfig(
            bind_address=address,
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
            histogram_bucket_overrides=_LATENCIES,
        )
        endpoint = MetricsEndpoint(monitoring.metrics_host, monitoring.metrics_port, registry, core=address)
        closing.append(endpoint.close)
    meters = MeterProvider(readers, resource, shutdown_on_exit=False) if readers else NoOpMeterProvider()
    if isinstance(meters, MeterProvider):
        closing.append(lambda: meters.shutdown(timeout_millis=PUSH_TIMEOUT * 1000))
    interceptors: list[TracingInterceptor] = []
    if monitoring.otlp_endpoint is not None:
        tracers = _tracer_provider(monitoring.otlp_endpoint, resource)
        closing.append(tracers.shutdown)
        # A Schedule starts workflows without a span; without the option they would have none at all.
        interceptors.append(TracingInterceptor(tracers.get_tracer("relance"), always_create_workflow_spans=True))
    return Telemetry(
        runtime=Runtime(telemetry=TelemetryConfig(metrics=core)),
        instruments=Instruments(meters.get_meter("relance", __version__)),
        interceptors=interceptors,
        metrics_url=endpoint.url if endpoint else None,
        _closing=closing,
    )


def _tracer_provider(otlp_endpoint: str, resource: Resource) -> TracerProvider:
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces", timeout=PUSH_TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=PUSH_EVERY.total_seconds() * 1000))
    trace.set_tracer_provider(provider)
    return provider


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
