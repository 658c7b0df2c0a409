#!/usr/bin/env bash
# Runs once, when the volume is empty: the owner role that migrates, the runtime role that owns nothing, the role of the
# backups, which may replicate and read everything, and the database.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner_password OWNER_DB_PASSWORD
\getenv app_password APP_DB_PASSWORD
\getenv backup_password BACKUP_DB_PASSWORD
CREATE ROLE kap_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'owner_password';
CREATE ROLE kap_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
CREATE ROLE kap_backup LOGIN REPLICATION BYPASSRLS NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'backup_password';
GRANT pg_read_all_data, pg_maintain TO kap_backup;
CREATE DATABASE kapclinic OWNER kap_owner;
REVOKE ALL ON DATABASE kapclinic FROM PUBLIC;
GRANT CONNECT ON DATABASE kapclinic TO kap_app, kap_backup;
\connect kapclinic
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text), pg_switch_wal() TO kap_backup;
SQL

# The image lets no role replicate from another host until it is told to.
if [ -n "${PGDATA:-}" ] && [ -f "$PGDATA/pg_hba.conf" ]; then
  echo 'host replication kap_backup all scram-sha-256' >> "$PGDATA/pg_hba.conf"
fi
