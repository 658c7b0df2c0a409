#!/usr/bin/env bash
# Runs once, when the volume is empty: the owner role that migrates, the runtime role that owns nothing, the database.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner_password OWNER_DB_PASSWORD
\getenv app_password APP_DB_PASSWORD
CREATE ROLE kap_owner LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'owner_password';
CREATE ROLE kap_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'app_password';
CREATE DATABASE kapclinic OWNER kap_owner;
REVOKE ALL ON DATABASE kapclinic FROM PUBLIC;
GRANT CONNECT ON DATABASE kapclinic TO kap_app;
SQL
