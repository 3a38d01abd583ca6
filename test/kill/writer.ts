/**
 * The process that is killed. Opens the store, prints what it finds of each session as one line of JSON, then lets several sessions work until the end. Each deed is noted in
 * a file before it begins and again when it was acknowledged; what was noted survives the process, not the machine.
 */
import { appendFileSync } from 'node:fs'
import { EngineHost, type SessionConfig, type SessionHandle } from '../../jobs/index.ts'
import { random } from '../random.ts'
import { type Deed, dumpScript, openings, ownTable, PARTITIONS, SETUP, SHARED, scriptOf } from './deeds.ts'

export interface Orders {
  readonly dataDir: string
  readonly notes: string
  readonly seed: number
  readonly sessions: number
  readonly settings: Record<string, string | number>
  /** Rows of session k get numbers from here on, `NUMBERS` each. */
  readonly firstNumber: number
  /** Deeds a session; then the process ends by itself. */
  readonly deeds: number
}

/** Noted: `began` with the deed, then `done` or `failed`. */
export type Note = { readonly who: number } & (
  | { readonly began: Deed }
  | { readonly done: true }
  | { readonly failed: string }
)

const orders = JSON.parse(process.argv[2]) as Orders
const next = random(orders.seed)
const int = (limit: number): number => Math.floor(next() * limit)
const note = (line: Note): void => appendFileSync(orders.notes, `${JSON.stringify(line)}\n`)

const config: SessionConfig = {
  dataDir: orders.dataDir,
  memoryLimitBytes: 2 ** 30,
  newValuePartitions: 'skip',
  allowMissingPartitions: true,
  settings: { environment: {}, file: orders.settings },
}
const host = new EngineHost({
  config,
  workers: 1,
  onRemark: (error) => console.error(error.message),
  onNotice: (line) => console.error(line),
})

/** A session that hands out what it prints. */
class Speaker {
  readonly handle: SessionHandle
  #said = ''

  constructor() {
    this.handle = host.openSession({
      onOutput: (bytes) => {
        this.#said += bytes.toString('utf8')
        return true
      },
      onNotice: (text) => console.error(text),
      onProgress: () => {},
    })
  }

  async ask(script: string): Promise<string> {
    this.#said = ''
    const { failure } = await this.handle.run(script, 'none')
    if (failure !== undefined) throw new Error(failure.text)
    return this.#said.trim()
  }
}

/** Failures that a deed may meet; it has done nothing then. */
const EXPECTED = /S00002|S01003|chunkLocked|currently locked|in use by transaction|S01056|was changed while/

async function work(who: number, speaker: Speaker, line: string): Promise<void> {
  let number = orders.firstNumber + who * 100_000
  let { own: exists, view: hasView, user } = openings(line)
  const given: [from: number, count: number][] = []
  for (let k = 0; k < orders.deeds; k++) {
    const deed = nextDeed()
    note({ who, began: deed })
    try {
      await speaker.ask(scriptOf(deed, who))
    } catch (error) {
      if (!EXPECTED.test((error as Error).message))
        throw new Error(`${JSON.stringify(deed)}: ${(error as Error).message}`)
      note({ who, failed: (error as Error).message })
      continue
    }
    note({ who, done: true })
    if (deed.op === 'create') exists = true
    if (deed.op === 'addView' || deed.op === 'dropView') hasView = deed.op === 'addView'
    if (deed.op === 'deleteUser') user = 'none'
    if (deed.op === 'createUser' || deed.op === 'revoke') user = 'there'
    if (deed.op === 'grant') user = 'granted'
    if (deed.op === 'drop') {
      exists = false
      given.length = 0
    }
  }

  function nextDeed(): Deed {
    const own = ownTable(who)
    const table = exists && int(2) === 0 ? own : SHARED
    const modulus = 2 + int(7)
    const rest = int(modulus)
    const choice = int(100)
    if (choice < 40) return append(table, 1 + int(5))
    if (choice < 50) return append(table, 1001 + int(1000))
    if (choice < 62) return { op: 'update', table, by: 1 + int(9), modulus, rest }
    if (choice < 67) return { op: 'move', table: SHARED, to: int(PARTITIONS), modulus, rest }
    if (choice < 80) return { op: 'delete', table, modulus, rest }
    if (choice < 84) return { op: 'checkpoint' }
    if (choice < 87) return hasView ? { op: 'dropView' } : { op: 'addView', answer: k() }
    if (choice < 90) return userDeed()
    if (!exists) return { op: 'create', table: own }
    if (choice < 92 && given.length > 0) {
      const [from, count] = given[int(given.length)]
      return { op: 'upsert', table: own, from, count: Math.min(count, 1 + int(50)), x: int(1000) }
    }
    if (choice < 94) return { op: 'truncate', table: own }
    if (choice < 96) return { op: 'dropPartition', table: own, id: int(PARTITIONS) }
    if (choice < 98) return { op: 'retype', table: own, type: int(2) === 0 ? 'INT' : 'LONG' }
    if (choice < 99) return { op: 'addColumn', table: own, column: `c${number}_${k()}` }
    return { op: 'drop', table: own }
  }

  function userDeed(): Deed {
    if (user === 'none') return { op: 'createUser' }
    if (int(4) === 0) return { op: 'deleteUser' }
    return { op: user === 'granted' ? 'revoke' : 'grant' }
  }

  function k(): number {
    return ++number
  }

  function append(table: string, count: number): Deed {
    const from = number
    number += count
    if (table !== SHARED) given.push([from, count])
    return { op: 'append', table, from, count }
  }
}

const speakers = Array.from({ length: orders.sessions }, () => new Speaker())
await speakers[0].ask(SETUP)
for (const speaker of speakers.slice(1)) await speaker.ask('login("admin", "123456")')
const found: string[] = []
for (let who = 0; who < orders.sessions; who++) found.push(await speakers[0].ask(dumpScript(who)))
process.stdout.write(`${JSON.stringify(found)}\n`)
await Promise.all(speakers.map((speaker, who) => work(who, speaker, found[who])))
await host.close()
