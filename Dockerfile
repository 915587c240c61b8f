# The bot as an image: state in /data, everything else may be read-only.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# The dependencies first: they change less often than the code, and their layer is kept. The environment gets no pip of
# its own; the base image's installs into it. The lock files are complete, so nothing is resolved.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/credit-bot \
    && python -m pip --python /opt/credit-bot/bin/python install --no-compile --no-deps --require-hashes -r requirements.lock
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-deps --require-hashes -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/credit-bot/bin/python install --no-compile --no-deps --no-index /wheels/*.whl \
    && python -m pip --python /opt/credit-bot/bin/python check
# What libraries test, type and compile themselves with stays out: some 30 MB. `make sizes` lists what is left.
RUN find /opt/credit-bot/lib -type d '(' -name tests -o -name sample_data -o -path '*/numpy/_core/include' \
        -o -path '*/alembic/testing' -o -path '*/matplotlib/testing' -o -path '*/sqlalchemy/testing' ')' \
        -prune -exec rm -rf {} + \
    && find /opt/credit-bot/lib -type f '(' -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' ')' -delete
# Compiled here, because at run time nothing may be written; unchecked, because nothing can change either.
RUN /opt/credit-bot/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/credit-bot/lib


FROM python:3.13-slim
LABEL org.opencontainers.image.title="credit-bot" \
      org.opencontainers.image.description="Warns on Telegram before the credits of your PixVerse accounts run out" \
      org.opencontainers.image.licenses="MIT"

# A fixed number, so that a host folder mounted at /data can be given to it: chown 10001:10001.
RUN groupadd --gid 10001 credit-bot \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin credit-bot \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/credit-bot /opt/credit-bot
ENV PATH=/opt/credit-bot/bin:$PATH
# The base image brings its standard library uncompiled: importing the bot once, and what its children use, compiles the
# part that they need, for a quick start and a cheap HEALTHCHECK. pip has done its work and goes.
RUN python -c 'import apprise, bot.app, bot.cli.main' \
    && MPLCONFIGDIR=/tmp/fonts python -c 'import bot.features.history.renderer' && rm -rf /tmp/fonts \
    && pip="$(/usr/local/bin/python -c 'import os, pip; print(os.path.dirname(pip.__file__))')" \
    && rm -rf "$pip" "$pip"-*.dist-info /usr/local/bin/pip* /usr/bin/pip*

# Each thread of the database would keep a heap of its own, as large as its worst moment: two do for all of them.
ENV DATABASE_URL=sqlite:////data/credit-bot.db \
    HTTP_LISTEN=127.0.0.1:8080 \
    MALLOC_ARENA_MAX=2 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# The first round has to end before /healthz can be well. Podman keeps this only with --format docker.
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=3 CMD ["credit-bot", "health"]
ENTRYPOINT ["credit-bot"]
CMD ["run"]
