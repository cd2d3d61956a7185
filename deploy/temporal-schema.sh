#!/bin/sh
# Creates and updates Temporal's databases; safe to run at every start. `npm run test:cluster` runs it without Docker.
set -eu
SQL_PASSWORD="$(cat "${PASSWORD_FILE:-/run/secrets/postgres-password}")"
export SQL_PASSWORD
tool="temporal-sql-tool --plugin postgres12_pgx --ep $POSTGRES_SEEDS -p $DB_PORT -u $POSTGRES_USER"
for name in temporal temporal_visibility; do
  $tool --db "$name" create || true
  $tool --db "$name" setup-schema -v 0.0 || true
done
$tool --db temporal update-schema --schema-name postgresql/v12/temporal
$tool --db temporal_visibility update-schema --schema-name postgresql/v12/visibility
