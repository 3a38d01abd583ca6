/** sqlite-recovery.ts FILE ROWS: fills a WAL with transactions of one row, is killed, and is timed opening the file and counting the rows. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'

const [file, rows, part] = process.argv.slice(2)

if (part === 'write') {
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; pragma synchronous = off; pragma wal_autocheckpoint = 0')
  db.exec('create table quotes(time integer, symbol text, price real, volume integer)')
  const insert = db.prepare('insert into quotes values (?, ?, ?, ?)')
  const start = Date.UTC(2024, 0, 1)
  for (let k = 0; k < Number(rows); k++) insert.run(start + k, 'S1', 100 + (k % 50), k)
  process.kill(process.pid, 'SIGKILL')
} else {
  const writer = spawn(process.execPath, [process.argv[1], file, rows, 'write'], { stdio: 'inherit' })
  await once(writer, 'close')
  const started = performance.now()
  const db = new DatabaseSync(file)
  const { n } = db.prepare('select count(*) as n from quotes').get() as { readonly n: number }
  const open = performance.now() - started
  if (n !== Number(rows)) throw new Error(`${n} rows were recovered`)
  db.close()
  console.log(JSON.stringify({ open }))
}
