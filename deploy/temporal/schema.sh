#!/bin/sh
# Creates both databases of Temporal and brings their schemas to this version; changes nothing the second time.
# Run in temporalio/admin-tools by docker-compose.yml. A newer server asks for one minor version after the other.
set -eu
SQL_PASSWORD=$(cat /run/secrets/postgres_password)
export SQL_PASSWORD
tool() { temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal "$@"; }
for part in temporal visibility; do
    database=temporal
    [ "$part" = temporal ] || database=temporal_visibility
    tool --db "$database" create
    tool --db "$database" setup-schema -v 0.0
    tool --db "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$part/versioned"
done
