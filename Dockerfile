# The server alone: orderlab with what `orderlab serve` needs, and without JupyterLab, pandas and the rest of the lessons.
# A test goes through everything that this image is for with all other packages hidden (tests/test_containers.py).

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/orderlab

# What changes seldom comes first. Wheels only: nothing is compiled, so that no compiler is needed here either.
COPY constraints.txt ./
RUN pip --python /opt/orderlab install --only-binary=:all: --constraint constraints.txt \
        duckdb \
        httptools \
        immutables \
        msgspec \
        numpy \
        platformdirs \
        "psycopg[binary,pool]" \
        pydantic \
        pydantic-settings \
        rich \
        simpy \
        starlette \
        typer \
        uvicorn \
        uvloop \
        websockets

COPY pyproject.toml README.md LICENSE-APACHE LICENSE-MIT ./
COPY data data
COPY notebooks notebooks
COPY orderlab orderlab
RUN pip --python /opt/orderlab install --no-deps .

FROM python:3.13-slim
# A fixed number, so that it can be given rights to a folder of the host that is mounted for the log.
RUN groupadd --gid 10001 orderlab \
    && useradd --uid 10001 --gid orderlab --home-dir /var/lib/orderlab --shell /usr/sbin/nologin --no-log-init orderlab \
    && install --directory --owner=orderlab --group=orderlab --mode=0750 /var/lib/orderlab
COPY --from=build /opt/orderlab /opt/orderlab

# XDG_DATA_HOME is where the log goes without a DATABASE_URL: /var/lib/orderlab/orders.duckdb. Nothing else is written, so
# that all but the volume may be read-only.
ENV PATH=/opt/orderlab/bin:$PATH \
    XDG_DATA_HOME=/var/lib \
    HOST=0.0.0.0 \
    PORT=3000
VOLUME /var/lib/orderlab
WORKDIR /var/lib/orderlab
USER 10001:10001
EXPOSE 3000

# Not urllib, which would ask the proxy that a container may have been given.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os; asked = http.client.HTTPConnection('localhost', int(os.environ['PORT']), timeout=5); asked.request('GET', '/health'); raise SystemExit(asked.getresponse().status != 200)"]

# Each word on its own, not a line for a shell, which would keep SIGTERM from the server.
ENTRYPOINT ["orderlab"]
CMD ["serve"]
