/**
 * A PostgreSQL 15 cluster of the bench's own in its scratch folder, with the rows of the store, partitioned by day too. It listens on a unix socket in that folder and nowhere
 * else. The server does not run as root: then the system user `postgres` runs it.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ProcessFigures, run, shell } from '../measure.ts'
import { exportRows } from './store.ts'
import { folder, partitions, type Source } from './tool.ts'

const BIN = '/usr/lib/postgresql/15/bin'
const asRoot = process.getuid?.() === 0
const home = join(folder, 'postgres')
const data = join(home, 'data')

/** The shell command that runs a program of PostgreSQL as the user of the server. */
const server = (program: string, args: string): string =>
  `${asRoot ? 'runuser -u postgres -- ' : ''}'${BIN}/${program}' ${args}`

/** The same of a client, with how to find the server. */
export const client = (program: string, args: string): string => `'${BIN}/${program}' -h '${home}' -U bench ${args}`

/** Why there is no cluster; undefined if there can be one. */
export function missingPostgres(): string | undefined {
  if (!existsSync(join(BIN, 'pg_basebackup'))) return 'PostgreSQL 15 is not installed'
  if (!asRoot) return undefined
  // The user of the server has to get to the scratch folder.
  chmodSync(folder, 0o711)
  const reached = spawnSync('runuser', ['-u', 'postgres', '--', 'test', '-x', folder])
  return reached.status === 0
    ? undefined
    : `the user postgres can not get to ${folder}, and the server does not run as root`
}

const sql = (statements: string): Promise<ProcessFigures> =>
  shell(`${client('psql', '-X -q -v ON_ERROR_STOP=1 -d postgres')} <<'SQL'\n${statements}\nSQL`)

const start = (options: string): Promise<ProcessFigures> =>
  shell(
    server('pg_ctl', `-D '${data}' -w -t 600 -l '${home}/log' -o "-k '${home}' -c listen_addresses= ${options}" start`),
  )

async function stopCluster(): Promise<void> {
  if (existsSync(join(data, 'postmaster.pid'))) await shell(server('pg_ctl', `-D '${data}' -w -m fast stop`))
}

const day = (k: number): string => new Date(Date.UTC(2024, 0, 1 + k)).toISOString().slice(0, 10)

/** Rows are loaded without being logged, as a fresh table's can be at wal_level=minimal: the log would be backed up too. */
async function makeCluster(): Promise<void> {
  mkdirSync(home)
  if (asRoot) await shell(`chown postgres '${home}'`)
  await shell(server('initdb', `-D '${data}' -U bench --auth=trust -E UTF8 --locale=C`))
  await start('-c wal_level=minimal -c max_wal_senders=0')
  const rows = join(folder, 'rows')
  await exportRows(rows)
  const tables = Array.from(
    { length: partitions },
    (_, k) => `create table quotes_${k} partition of quotes for values from ('${day(k)}') to ('${day(k + 1)}');`,
  )
  await sql(`begin;
create table quotes(time timestamp, symbol text, price float8, volume int8, bid float8, ask float8) partition by range (time);
${tables.join('\n')}
\\copy quotes from '${join(rows, 'quotes/n1.0.csv')}' csv
commit;
vacuum quotes;
checkpoint;`)
  await run('rm', ['-r', rows])
  await stopCluster()
  await start('')
}

/** Other values in a tenth of the rows of one partition. */
async function updateOnePartition(round: number): Promise<void> {
  const partition = `quotes_${(round * 7) % partitions}`
  await sql(`update ${partition} set price = price + 0.01 where substr(symbol, 2)::int % 10 = 0;\ncheckpoint;`)
}

export const cluster: Source = {
  files: join(data, 'base'),
  make: makeCluster,
  change: updateOnePartition,
  stop: stopCluster,
}

/** Proves a base backup, or a copy of one, that is in a plain folder. */
export const verifyBackup = (backup: string): Promise<ProcessFigures> =>
  run(join(BIN, 'pg_verifybackup'), ['-q', backup])
