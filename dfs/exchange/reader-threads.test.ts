import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bindInterrupt, INTERRUPT_CANCEL } from '../../runtime/interrupt.ts'
import { T } from '../../runtime/values/index.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { type FileEvent, type FilePlan, readByThreads, readFiles } from './read-files.ts'
import { contents } from './testing-columns.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-readers-'))
afterAll(() => rmSync(folder, { recursive: true }))
const store = new LocalFileStore(folder)
const FILES = ['a.csv', 'b.csv', 'c.csv']
FILES.forEach((name, n) => {
  const rows = Array.from({ length: 2000 }, (_, k) => (k === 7 ? 'x,bad,1' : `${n * 2000 + k},s${k % 5},"t,${k}"`))
  writeFileSync(join(folder, name), `${rows.join('\n')}\n`)
})
const plan: FilePlan = {
  columns: [
    { name: 'id', type: T.LONG },
    { name: 's', type: T.SYMBOL },
    { name: 't', type: T.STRING },
  ],
  options: { format: 'csv', header: 'detect', csv: { delimiter: 44, quote: 34, escape: 34, nullText: '' } },
  batchRows: 300,
}

const shown = (event: FileEvent): unknown =>
  event.kind === 'end'
    ? event
    : { ...event, batch: { ...event.batch, columns: event.batch.columns.map(contents), lines: [...event.batch.lines] } }

describe('reader threads', () => {
  it('one gives what the session would read itself, in the same order', () => {
    const own = Array.from(readFiles(store, FILES, 0, 1, plan), shown)
    expect(own.length).toBe(3 * 8)
    expect(Array.from(readByThreads(folder, FILES, 1, plan), shown)).toEqual(own)
  })

  it('several give the batches of each file in their order', () => {
    const own = Array.from(readFiles(store, FILES, 0, 1, plan), shown) as FileEvent[]
    const theirs = Array.from(readByThreads(folder, FILES, 2, plan), shown) as FileEvent[]
    for (const file of FILES) expect(theirs.filter((e) => e.file === file)).toEqual(own.filter((e) => e.file === file))
    expect(theirs.length).toBe(own.length)
  })

  it('tell what they can not read', () => {
    expect(() => [...readByThreads(folder, ['a.csv', 'none.csv'], 1, plan)]).toThrow('none.csv')
  })

  it('end when nobody wants more, and when the session is cancelled', () => {
    for (const event of readByThreads(folder, FILES, 2, plan)) if (event.kind === 'batch') break
    const words = new SharedArrayBuffer(4)
    bindInterrupt(words)
    try {
      Atomics.store(new Int32Array(words), 0, INTERRUPT_CANCEL)
      expect(() => [...readByThreads(folder, FILES, 1, plan)]).toThrow('cancelled')
    } finally {
      bindInterrupt(new SharedArrayBuffer(4))
    }
  })
})
