/** sqlite-rows.ts FILE SYNCHRONOUS SESSIONS ROWS: rows one by one, a transaction each, from one connection or from threads with a connection each. */
import { DatabaseSync } from 'node:sqlite'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

interface Feed {
  readonly file: string
  readonly synchronous: string
  readonly first: number
  readonly rows: number
  /** Raised when all threads are ready. */
  readonly gate: SharedArrayBuffer
}

const now = (): number => performance.timeOrigin + performance.now()

function feed({ file, synchronous, first, rows, gate }: Feed, ready: () => void): { started: number; ended: number } {
  const db = new DatabaseSync(file)
  db.exec(`pragma busy_timeout = 60000; pragma synchronous = ${synchronous}`)
  const insert = db.prepare('insert into quotes values (?, ?, ?, ?)')
  const start = Date.UTC(2024, 0, 1)
  ready()
  Atomics.wait(new Int32Array(gate), 0, 0)
  const started = now()
  for (let k = 0; k < rows; k++) insert.run(start + (k % 86_400_000), 'S1', 100 + (k % 50), first + k)
  const ended = now()
  db.close()
  return { started, ended }
}

if (isMainThread) {
  const [file, synchronous, sessions, rows] = process.argv.slice(2)
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; create table quotes(time integer, symbol text, price real, volume integer)')
  const count = Number(sessions)
  const gate = new SharedArrayBuffer(4)
  const open = (): void => {
    Atomics.store(new Int32Array(gate), 0, 1)
    Atomics.notify(new Int32Array(gate), 0)
  }
  const feeds = Array.from({ length: count }, (_, k) => ({
    file,
    synchronous,
    first: k * Number(rows),
    rows: Number(rows),
    gate,
  }))
  const done = count === 1 ? [feed(feeds[0], open)] : await inThreads(feeds, open)
  const stored = db.prepare('select count(*) as n from quotes').get() as { readonly n: number }
  if (stored.n !== count * Number(rows)) throw new Error(`${stored.n} rows are stored`)
  db.close()
  const insert = Math.max(...done.map((d) => d.ended)) - Math.min(...done.map((d) => d.started))
  console.log(JSON.stringify({ insert }))
} else {
  const port = parentPort!
  port.postMessage(feed(workerData as Feed, () => port.postMessage('ready')))
}

function inThreads(feeds: readonly Feed[], open: () => void): Promise<{ started: number; ended: number }[]> {
  let waiting = feeds.length
  return Promise.all(
    feeds.map(
      (one) =>
        new Promise<{ started: number; ended: number }>((resolve, reject) => {
          const thread = new Worker(new URL(import.meta.url), { workerData: one })
          thread.on('message', (message: 'ready' | { started: number; ended: number }) => {
            if (message !== 'ready') resolve(message)
            else if (--waiting === 0) open()
          })
          thread.on('error', reject)
        }),
    ),
  )
}
