#!/bin/sh
# Back to a moment before an accident: a store with an archive of its log, a base backup, a wrong delete and a dropped table. Then one table comes back into
# the store, and the whole store of that moment into a new directory.
#
# Run it with:  sh examples/point_in_time.sh        (HOLDFAST names the command, if it is not `holdfast`)
# Everything lies in a folder for temporary files and is removed at the end.
set -eu

holdfast=${HOLDFAST:-holdfast}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/archive"

cat > "$folder/holdfast.toml" <<END
[storage]
wal_archive_enabled = true
wal_archive_dir = "$folder/archive"
wal_archive_timeout = "1s"
END
export HOLDFAST_CONFIG="$folder/holdfast.toml"
export HOLDFAST_DATA="$folder/data"

store() {
  $holdfast -e "login('admin', '123456'); $1"
}
rows_of_days='select count(*) as rows, sum(volume) as volume from loadTable("dfs://ticks", "trades") group by day'

echo "== A store, and a base backup"
store '
  db = database("dfs://ticks", VALUE, 2026.01.12..2026.01.14)
  schema = table(1:0, ["day", "symbol", "volume"], [DATE, SYMBOL, INT])
  db.createPartitionedTable(schema, "trades", "day")
  loadTable("dfs://ticks", "trades").append!(table(take(2026.01.12..2026.01.14, 30000) as day, take(["A", "B"], 30000) as symbol, 1..30000 as volume))'
$holdfast backup "$folder/backups" --data "$folder/data"

echo; echo "== More rows, and the last moment when all was well"
store 'loadTable("dfs://ticks", "trades").append!(table(take(2026.01.14, 5) as day, take(["C"], 5) as symbol, 1..5 as volume))'
store "print($rows_of_days)"
sleep 1
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
sleep 1

echo; echo "== Accidents, after $moment"
store 'delete from loadTable("dfs://ticks", "trades") where symbol = "A"'
store 'dropTable(database("dfs://ticks"), "trades")'

echo; echo "== One table back into the store"
$holdfast restore-pitr "$moment" --backup "$folder/backups" --data "$folder/data" --table dfs://ticks/trades
store "print($rows_of_days)"

echo; echo "== The whole store as it was, in a new directory"
$holdfast restore-pitr "$moment" --backup "$folder/backups" --data "$folder/recovered"
$holdfast check --data "$folder/recovered"
HOLDFAST_DATA="$folder/recovered" store "print($rows_of_days)"
