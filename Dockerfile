# The worker and the CLI. Built in two steps, so that neither pip nor a compiler is in the image that runs.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY requirements-worker.lock .
RUN python -m venv --without-pip /opt/relance \
 && python -m pip --python /opt/relance/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --require-hashes --requirement requirements-worker.lock

FROM python:3.11.14-slim-bookworm
RUN python -m pip uninstall --yes --quiet setuptools wheel pip \
 && useradd --uid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin relance
COPY --from=build /opt/relance /opt/relance
WORKDIR /app
COPY worker.py starter.py ./
COPY relance relance
COPY workflows workflows
COPY activities activities
COPY composition composition
LABEL org.opencontainers.image.title="Relance" \
      org.opencontainers.image.description="Recurring jobs and long-lived reminders on Temporal" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm"
COPY LICENSE /app/
ENV PATH=/opt/relance/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RELANCE_MONITORING__LOG_FORMAT=json \
    RELANCE_MONITORING__METRICS_PORT=9464 \
    RELANCE_MONITORING__HEALTH_PORT=9564
USER 10001:10001
# SIGTERM lets mails in flight finish (SPEC X5).
STOPSIGNAL SIGTERM
# Whether the event loop turns. Not /ready: a database that is away is no reason to replace a worker.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9564/live', timeout=4)"]
ENTRYPOINT ["python"]
CMD ["worker.py", "--role", "all"]
