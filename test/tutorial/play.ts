/**
 * The backup tutorial, call by call, on data built by its own recipe (smaller): only paths differ. Every call goes through submitJob, as there.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { holdfast, scratch } from '../harness.ts'

const recipe = (rowsPer500: number, dayCount: number): string => `
n=${rowsPer500}
symbols=symbol(string(1..500))
dates=date(datetimeAdd(2020.01.01,0..366,'d'))
years=date(datetimeAdd(2020.01M,0..30*12,'M'))
date=dates[0]
time=rand(timestamp(date)+0..(1000*60*60*23),n*500)
syms=take(symbols,n*500)
price=randNormal(100,5,n*500)
volume=randNormal(1000,5,n*500)
side=\`B\`B
side=symbol(side)
side=take(side,n*500)
sources=\`tp\`tp
sources=symbol(sources)
sources=take(sources,n*500)
tmp=table(time, syms as symbol,price, volume,side,sources as source)
dbPath="dfs://testdb"
dbPathTSDB="dfs://testdb_tsdb"
login(\`admin,\`123456)
dates=date(datetimeAdd(2012.01.01,0..1000,'d'))
if(existsDatabase(dbPath)){
	dropDatabase(dbPath)
}
if(existsDatabase(dbPathTSDB)){
	dropDatabase(dbPathTSDB)
}
dbSource = database("",VALUE,["tp"])
dbTime = database("",VALUE,2012.01.01..2021.12.31)
dbSym = database("",HASH,[SYMBOL, 5])
db=database(dbPath,COMPO,[dbSym,dbSource,dbTime])
dbTSDB=database(dbPathTSDB,COMPO,[dbSym,dbSource,dbTime],,'TSDB')
t=table(100:0, \`time\`symbol\`price\`volume\`side\`source, [TIMESTAMP,SYMBOL,FLOAT,FLOAT,SYMBOL,SYMBOL])
db.createPartitionedTable(t,\`quotes,\`symbol\`source\`time)
db.createPartitionedTable(t,\`quotes_2,\`symbol\`source\`time)
dbTSDB.createPartitionedTable(t,\`quotes_tsdb,\`symbol\`source\`time, ,\`symbol\`time)
def load_one_day_data (date,db_path,table_name,input_table){
	db_table = loadTable(database=db_path, tableName=table_name)
	tmpt=copy(input_table)
	s=date-2020.01.01
	update tmpt set time=time.temporalAdd(s,'d')
	db_table.append!(tmpt)
}
smallDates=dates[0:${dayCount}]
def load_data(dates, db_path, table_name,tmp_table) {
    for (date in dates) {
        job_name = "load_data_" + table_name + "_" + year(date)+"_" + monthOfYear(date)+"_"+dayOfMonth(date)
        job_desc = "TO: " + db_path
        submitJob(job_name,job_desc,load_one_day_data,date,db_path,table_name,tmp_table)
        print(job_name + " is submitted...")
    }
}
load_data(smallDates,dbPath,\`quotes,tmp)
load_data(smallDates,dbPath,\`quotes_2,tmp)
load_data(smallDates,dbPathTSDB,\`quotes_tsdb,tmp)
`

/** Waits for every submitted job and fails on the first that failed. */
const waitForJobs = `
def waitForJobs(){
	for(id in exec jobId from getRecentJobs()){ getJobReturn(id, true) }
}
`

const story = (backups: string): string => `
${waitForJobs}
waitForJobs()
login(\`admin,\`123456)
def fingerprint(dbPath, tableName){
	return exec sum(volume) from loadTable(dbPath, tableName)
}
before = fingerprint("dfs://testdb", "quotes_2")

dbPath="dfs://testdb"
backupDir="${backups}/backupDB"
submitJob("backupDB","backup testdb",backupDB,backupDir,dbPath)
dbPath="dfs://testdb"
tbName=\`quotes_2
backupDir="${backups}/backupTb"
submitJob("backupTable","backup quotes_2 in testdb",backupTable,backupDir,dbPath,tbName)
dbPath="dfs://testdb"
tbName=\`quotes_2
backupDir="${backups}/backupPar"
pars=["/Key3/tp/20120101","/Key4/tp/20120101"]
submitJob("backupPartitions","backup some partitions in quotes_2 in testdb",backup,backupDir,dbPath,false,true,true,tbName,pars)
waitForJobs()
print("jobs " + getJobReturn("backupDB") + " " + getJobReturn("backupTable") + " " + getJobReturn("backupPartitions"))

login(\`admin, \`123456)
status = getBackupStatus()
print("status " + (exec count(*) from status where completed=1) + " of " + status.size())

dbPath="dfs://testdb"
backupDir="${backups}/backupDB"
print("list " + getBackupList(backupDir,dbPath,\`quotes_2).size())
print("check " + checkBackup(backupDir,dbPath).size())
print("check table " + checkBackup(backupDir,dbPath,\`quotes_2).size())
backup(backupDir=backupDir,dbPath=dbPath,force=true,parallel=true,snapshot=true,tableName=\`quotes_2,partition="/Key4/tp/20120103")

dropTable(database("dfs://testdb"), "quotes_2")
dbPath="dfs://testdb"
backupDir="${backups}/backupDB"
submitJob("restoreDB","restore testdb in new cluster",restoreDB,backupDir,dbPath)
restoreDBPath="dfs://restoredb"
submitJob("restoreDB2","restore testdb to restoredb in the original cluster",restoreDB,backupDir,dbPath,restoreDBPath)
waitForJobs()
print("restored in place " + (fingerprint("dfs://testdb", "quotes_2") == before))
print("restored elsewhere " + (fingerprint("dfs://restoredb", "quotes_2") == before))

dbPath="dfs://testdb"
tbName=\`quotes_2
backupDir="${backups}/backupTb"
restoreDBPath="dfs://restoredb2"
submitJob("restoreTable","restore quotes_2 in testdb to new cluster",restoreTable,backupDir,dbPath,tbName)
submitJob("restoreTable2","restore quotes_2 in testdb to quotes_2 in restoredb",restoreTable,backupDir,dbPath,tbName,restoreDBPath)
restoreTb="quotes_restore"
submitJob("restoreTable3","restore quotes_2 to quotes_restore in testdb",restoreTable,backupDir,dbPath,tbName,,restoreTb)
waitForJobs()
print("renamed " + (fingerprint("dfs://testdb", "quotes_restore") == before) + " " + (fingerprint("dfs://restoredb2", "quotes_2") == before))

dbPath="dfs://testdb"
backupDir="${backups}/backupPar"
tbName=\`quotes_2
pars=["/testdb/Key3/tp/20120101","/testdb/Key4/tp/20120101"]
truncate("dfs://testdb", "quotes_2")
for (par in pars){
	restore(backupDir,dbPath,tbName,par,false,,true,true)
}
print("two partitions " + (exec count(*) from getTabletsMeta("/testdb/%", "quotes_2")))

dbPath="dfs://testdb"
dbPath2="dfs://testdb_tsdb"
backupDir="${backups}/migrate"
restoreDB("${backups}/backupDB", dbPath)
submitJob("backupForMigrate","backup testdb for migrate",backupDB,backupDir,dbPath)
submitJob("backupForMigrate2","backup testdb_tsdb for migrate",backupDB,backupDir,dbPath2)
`

const migration = (backups: string): string => `
login(\`admin,\`123456)
backupDir="${backups}/migrate"
submitJob("migrate","migrate testdb and testdb_tsdb to new cluster",migrate,backupDir)
r = getJobReturn("migrate", true)
print("migrated " + (exec count(*) from r where success) + " of " + r.size())
print("rows " + (exec count(*) from loadTable("dfs://testdb", "quotes")) + " " + (exec count(*) from loadTable("dfs://testdb_tsdb", "quotes_tsdb")))
`

/**
 * Builds the databases, plays the tutorial's sections on backup and restore, then its migration into a new data directory, and compares what
 * is printed. A day has 500 times `rowsPer500` rows.
 */
export async function playTutorial(rowsPer500: number, days: number): Promise<void> {
  const folder = scratch('tutorial')
  const rowsPerDay = rowsPer500 * 500
  const backups = join(folder, 'backups')
  mkdirSync(backups)
  const file = join(folder, 'tutorial.dos')
  writeFileSync(file, recipe(rowsPer500, days) + story(backups))
  const first = await holdfast(['run', file], { data: join(folder, 'data') })
  expect(first.stderr.replace(/.*default password.*\n?/gi, '')).not.toMatch(/error/i)
  expect(first.code).toBe(0)
  const chunks = 5 * days
  expect(first.stdout.split('\n').filter((line) => !line.includes('is submitted'))).toEqual(
    expect.arrayContaining([
      `jobs ${2 * chunks} ${chunks} 2`,
      `list ${chunks}`,
      'check 0',
      'check table 0',
      'restored in place true',
      'restored elsewhere true',
      'renamed true true',
      'two partitions 2',
    ]),
  )

  const cluster = join(folder, 'new-cluster')
  const second = join(folder, 'migrate.dos')
  writeFileSync(second, migration(backups))
  const migrated = await holdfast(['run', second], { data: cluster })
  expect(migrated.code, migrated.stderr).toBe(0)
  expect(migrated.stdout).toContain('migrated ')
  expect(migrated.stdout).toContain(`rows ${days * rowsPerDay} ${days * rowsPerDay}`)
}
