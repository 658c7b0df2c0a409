# The one image of web, worker, beat and migrate. Development tools and the embedded servers stay outside.
FROM python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7 AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# requirements-observe.lock adds what sends errors and traces (docs/operations.md).
ARG LOCK=requirements.lock
COPY requirements.lock requirements-observe.lock /tmp/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes -r /tmp/${LOCK}

# The service of the backups: the server's own programs, of the server's own version, and our code beside them.
FROM postgres:18@sha256:86c951e05bf56c93d95d397747fb8820ac76cc3bedb78f43abd83eedbe3666ae AS backup
ENV PATH=/opt/venv/bin:/usr/lib/postgresql/18/bin:$PATH PYTHONPATH=/srv/kapclinic PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=kapclinic.settings
COPY requirements.lock /tmp/requirements.lock
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock \
 && install --directory --owner=postgres --mode=0700 /scratch \
 && install --directory --owner=postgres --mode=0755 /standing
WORKDIR /srv/kapclinic
COPY manage.py ./
COPY deploy/healthy.py deploy/
COPY kapclinic kapclinic
COPY programs programs
COPY screening screening
COPY sessions sessions
COPY billing billing
USER postgres
ENTRYPOINT []
CMD ["python", "manage.py", "keep_backups", "/backups"]

FROM python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/srv/kapclinic PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=kapclinic.settings
# /standing is a volume that the service of the backups writes: 999 is postgres in its image.
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin kapclinic \
 && install --directory --owner=999 --mode=0755 /standing
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/kapclinic
COPY manage.py ./
COPY deploy/healthy.py deploy/gunicorn.conf.py deploy/
COPY docs/openapi.yaml docs/
COPY kapclinic kapclinic
COPY programs programs
COPY screening screening
COPY sessions sessions
COPY billing billing
# Settings want a database's name, nothing connects; KAP_EMBEDDED lends its development keys to this line alone.
# Loading the application then writes what it would write at its first start: the schema as JSON.
RUN export KAP_EMBEDDED=1 HASHED_FILES=1 DATABASE_URL=postgresql://nobody@localhost/none \
 && python manage.py collectstatic --no-input \
 && python -c 'import kapclinic.wsgi'
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["python", "deploy/healthy.py", "web"]
CMD ["gunicorn", "--config=deploy/gunicorn.conf.py", "--bind=0.0.0.0:8000", "--worker-tmp-dir=/dev/shm", \
     "kapclinic.wsgi:application"]
