#!/bin/sh
# To a new cluster: the databases of one store, backed up into a directory that both can reach, migrated into another one; then only what is new since.
#
# Run it with:  sh examples/new_cluster.sh        (HOLDFAST names the command, if it is not `holdfast`)
# Everything lies in a folder for temporary files and is removed at the end.
set -eu

holdfast=${HOLDFAST:-holdfast}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
old="$folder/old"
new="$folder/new"
backups="$folder/backups"

at() {
  $holdfast --data "$1" -e "login('admin', '123456'); $2"
}
rows_of_days='print(select count(*) as rows, sum(volume) as volume from loadTable("dfs://ticks", "trades") group by day)'

echo "== The old cluster: two databases of different engines"
at "$old" '
  shape = table(1:0, ["day", "symbol", "volume"], [DATE, SYMBOL, INT])
  ticks = database("dfs://ticks", VALUE, 2026.01.12..2026.01.14)
  ticks.createPartitionedTable(shape, "trades", "day")
  loadTable("dfs://ticks", "trades").append!(table(take(2026.01.12..2026.01.14, 30000) as day, take(["A", "B"], 30000) as symbol, 1..30000 as volume))
  sorted = database("dfs://sorted", VALUE, 2026.01.12..2026.01.14, engine="TSDB")
  sorted.createPartitionedTable(shape, "trades", "day", sortColumns=["symbol", "day"])
  loadTable("dfs://sorted", "trades").append!(select * from loadTable("dfs://ticks", "trades") where symbol = "A")'
at "$old" "$rows_of_days"

echo; echo "== Backed up and checked while it goes on working"
at "$old" "print(backupDB('$backups', 'dfs://ticks') + backupDB('$backups', 'dfs://sorted'))"
at "$old" "print(checkBackup('$backups', 'dfs://ticks').rows() + checkBackup('$backups', 'dfs://sorted').rows())"

echo; echo "== Into the new cluster, all that the directory has"
at "$new" "migrate('$backups')"
at "$new" "$rows_of_days"

echo; echo "== The old one goes on for a day; then only the partitions that changed are copied and restored"
at "$old" 'loadTable("dfs://ticks", "trades").append!(table(take(2026.01.13, 5) as day, take(["C"], 5) as symbol, 1..5 as volume))'
at "$old" "print(backupDB('$backups', 'dfs://ticks'))"
at "$new" "print(restore('$backups', 'dfs://ticks', 'trades', '%', snapshot=true).size())"
at "$new" "$rows_of_days"
$holdfast check --data "$new"
