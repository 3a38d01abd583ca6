/**
 * A backup is of one instant, whatever happens while it is taken. Jobs in threads of their own write all the time, each so that something holds across tables or
 * partitions in every state that ever was; every restored copy is asked whether it holds.
 *
 *   pairs     a writer appends to `first`, then the same to `second`, single rows and bulk by turns: `second` never has what `first` lacks, and lacks one append at most
 *   transfer  one statement takes from an account and gives to another, in two partitions: the sum stays
 *   version   one upsert sets all rows of a table with a primary key to the next version: they all have one version
 *   stamps    a statement stamps `first`'s marks, then one those of `second`: the second is never ahead, nor more than one behind
 */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdfast, scratch } from './harness.ts'

const long = process.env.HOLDFAST_LONG === '1'
const BACKUPS = long ? 60 : 3

const script = (folder: string): string => `
login("admin", "123456")
setClusterSetting("ts.append.small_rows", 100)
def pairsOf(w, rows, k) { return table(take(0..3, rows) as part, take(w, rows) as writer, take(k, rows) as k) }
db = database("dfs://bank", VALUE, 0..3)
for(name in ["first", "second"]) db.createPartitionedTable(pairsOf(0, 0, 0), name, "part")
marks = table(0..3 as part, take(0, 4) as stamp)
for(name in ["firstMarks", "secondMarks"]) db.createPartitionedTable(marks, name, "part").append!(marks)
accounts = table(til(80) % 4 as part, til(80) as id, take(1000, 80) as balance)
db.createPartitionedTable(accounts, "accounts", "part").append!(accounts)
pk = database("dfs://versions", VALUE, 0..3, engine="PKEY")
versions = table(til(40) % 4 as part, til(40) as id, take(0, 40) as version)
pk.createPartitionedTable(versions, "versions", "part", primaryKey=["id", "part"]).append!(versions)

def isOver() { return existsTable("dfs://bank", "over") }
def pairs(w) {
	first = loadTable("dfs://bank", "first"); second = loadTable("dfs://bank", "second"); k = 0
	do {
		rows = iif(k % 8 == 7, 400, 1)
		first.append!(pairsOf(w, rows, k)); second.append!(pairsOf(w, rows, k)); k += 1
	} while(!isOver())
	return k
}
def transfers() {
	t = loadTable("dfs://bank", "accounts"); n = 0
	do {
		x = rand(80, 1)[0]; y = (x + 1 + rand(79, 1)[0]) % 80
		update t set balance = balance + iif(id == x, -7, 7) where id in [x, y]
		n += 1
	} while(!isOver())
	return n
}
def upserts() {
	t = loadTable("dfs://versions", "versions"); v = 0
	do { v += 1; upsert!(t, table(til(40) % 4 as part, til(40) as id, take(v, 40) as version)) } while(!isOver())
	return v
}
def stamps() {
	a = loadTable("dfs://bank", "firstMarks"); b = loadTable("dfs://bank", "secondMarks"); n = 0
	do { n += 1; update a set stamp = n; update b set stamp = n } while(!isOver())
	return n
}
ids = array(STRING, 0)
ids.append!(submitJob("pairs1", "writes", pairs, 1)); ids.append!(submitJob("pairs2", "writes", pairs, 2))
ids.append!(submitJob("transfers", "writes", transfers)); ids.append!(submitJob("upserts", "writes", upserts)); ids.append!(submitJob("stamps", "writes", stamps))

def progress() { return (exec count(*) from loadTable("dfs://bank", "first")) + (exec max(stamp) from loadTable("dfs://bank", "secondMarks")) + (exec max(version) from loadTable("dfs://versions", "versions")) }
def look(db, versionsDb) {
	found = array(STRING, 0)
	for(w in 1..2) {
		a = select count(*) as n from loadTable(db, "first") where writer = w group by k order by k
		b = select count(*) as n from loadTable(db, "second") where writer = w group by k order by k
		if(a.size() - b.size() > 1 or a.size() < b.size()) found.append!("writer " + string(w) + ": " + string(a.size()) + " appends in first, " + string(b.size()) + " in second")
		for(t in [a, b]) {
			if(t.size() > 0 and last(t.k) != t.size() - 1) found.append!("writer " + string(w) + ": an append is missing below " + string(last(t.k)))
			if((exec sum(n != iif(k % 8 == 7, 400, 1)) from t) > 0) found.append!("writer " + string(w) + ": an append is there in part")
		}
	}
	total = exec sum(balance) from loadTable(db, "accounts")
	if(total != 80000) found.append!("the balances are " + string(total))
	if((exec count(*) from loadTable(db, "accounts")) != 80) found.append!("an account is missing or twice")
	stampA = exec distinct(stamp) from loadTable(db, "firstMarks"); stampB = exec distinct(stamp) from loadTable(db, "secondMarks")
	if(stampA.size() != 1 or stampB.size() != 1) found.append!("stamps of several statements: " + concat(string(stampA), ",") + " and " + concat(string(stampB), ","))
	else if(stampA[0] < stampB[0] or stampA[0] > stampB[0] + 1) found.append!("stamps " + string(stampA[0]) + " and " + string(stampB[0]))
	version = exec distinct(version) from loadTable(versionsDb, "versions")
	if(version.size() != 1 or (exec count(*) from loadTable(versionsDb, "versions")) != 40) found.append!("versions " + concat(string(version), ","))
	return found
}
while(progress() < 20 or (exec min(version) from loadTable("dfs://versions", "versions")) == 0) sleep(20)
busy = 0
for(k in 1..${BACKUPS}) {
	// Into one set by turns, where only what changed is copied, and into new ones.
	dir = "${folder}/" + iif(k % 2 == 1, "one", "set" + string(k))
	before = progress()
	if(k % 3 == 0) getJobReturn(submitJob("backup", "backup", backupDB, dir, "dfs://bank"), true)
	else backupDB(dir, "dfs://bank")
	backupDB(dir, "dfs://versions")
	if(progress() > before) busy += 1
	copy = "dfs://copy" + string(k); copyVersions = "dfs://versions" + string(k)
	restoreDB(dir, "dfs://bank", copy); restoreDB(dir, "dfs://versions", copyVersions)
	for(problem in look(copy, copyVersions)) print("backup " + string(k) + ": " + problem)
	if(checkBackup(dir, "dfs://bank").size() > 0) print("backup " + string(k) + ": damaged")
}
db.createTable(marks, "over")
done = array(LONG, 0)
for(id in ids) done.append!(long(getJobReturn(id, true)))
for(problem in look("dfs://bank", "dfs://versions")) print("at the end: " + problem)
print("busy during " + string(busy) + " of ${BACKUPS} backups")
print("least written by a job: " + string(min(done)))
`

describe('a backup under full write load from several sessions', () => {
  it('is of one instant, every time', { timeout: long ? 3_600_000 : 180_000 }, async () => {
    const folder = scratch('one-instant')
    const { code, stdout, stderr } = await holdfast([
      '--data',
      join(folder, 'data'),
      '--workers',
      '6',
      '-e',
      script(folder),
    ])
    expect(stderr).not.toMatch(/Error/)
    expect(code).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines.filter((line) => /^(backup|at the end)/.test(line))).toEqual([])
    // Else nothing was proved.
    expect(Number(/busy during (\d+)/.exec(lines[0])?.[1])).toBeGreaterThan(BACKUPS / 2)
    expect(Number(/least written by a job: (\d+)/.exec(lines[1])?.[1])).toBeGreaterThan(3)
  })
})
