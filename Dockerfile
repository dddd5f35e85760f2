# Trimtab as a container: a build stage with the installer, and a final stage without it.
#
#   docker build -t trimtab .
#   docker run --rm -it --read-only --tmpfs /tmp --cap-drop ALL \
#     -v "$PWD/trimtab.toml:/etc/trimtab/trimtab.toml:ro" -v trimtab-state:/var/lib/trimtab \
#     trimtab plan
#
# Keys come from files (TRIMTAB__VENUE__API_KEY_FILE=/run/secrets/…), never from the image.

FROM python:3.11.13-slim-bookworm AS build
ENV UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/trimtab
WORKDIR /build
COPY installer.txt ./
RUN pip install --no-cache-dir --only-binary=:all: --require-hashes -r installer.txt
# The dependencies alone, so that a change of our code does not install them again. uv.lock
# holds the hash of every file; one that differs ends the build.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY README.md LICENSE ./
COPY src ./src
RUN uv sync --locked --no-dev --no-editable

FROM python:3.11.13-slim-bookworm
ENV PATH=/opt/trimtab/bin:$PATH \
    HOME=/var/lib/trimtab \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TRIMTAB_CONFIG=/etc/trimtab/trimtab.toml
RUN useradd --system --uid 10001 --home-dir /var/lib/trimtab --create-home trimtab
COPY --from=build /opt/trimtab /opt/trimtab
USER 10001
WORKDIR /var/lib/trimtab
# The ledger lives here and must outlive the container.
VOLUME /var/lib/trimtab
# Starts the program and reads the configuration; talks to nobody, so it costs no request weight.
HEALTHCHECK --interval=5m --timeout=30s --start-period=10s CMD ["trimtab", "config", "check"]
ENTRYPOINT ["trimtab"]
CMD ["--help"]
