import { describe, expect, it } from 'vitest'
import { MemoryFileStore } from '../store/memory-store.ts'
import { openCommitLog } from './commit-log.ts'
import { formatRecord, type RecordDescription } from './dump.ts'
import { OPTIONS } from './fixture.ts'
import { packPayload, unpackPayload } from './payload.ts'

function linesOf(...descriptions: RecordDescription[]): string[] {
  const { log } = openCommitLog(new MemoryFileStore(), OPTIONS)
  const timeMs = Date.UTC(2026, 10, 21, 8, 0, 0, 123)
  for (const description of descriptions)
    log.append([{ kind: 'INSERT', transaction: 17, timeMs, payload: packPayload(description) }])
  const lines: string[] = []
  log.scan(0, (record) => lines.push(formatRecord(record, (r) => unpackPayload(r.payload) as RecordDescription)))
  return lines
}

describe('a line of a log dump', () => {
  it('has LSN, time, transaction, kind, object, rows or columns, and bytes', () => {
    expect(linesOf({ object: 'dfs://db/tb', extent: '3 rows' }, { object: '', extent: '' })).toEqual([
      '0/00000040  2026-11-21T08:00:00.123Z  17  INSERT  dfs://db/tb  3 rows  88 bytes',
      '0/00000098  2026-11-21T08:00:00.123Z  17  INSERT  -  -  72 bytes',
    ])
  })
  it('is one line, whatever a name holds', () => {
    expect(linesOf({ object: 'a\nb\u001b[31m', extent: '' })[0]).toContain('a\\u{a}b\\u{1b}[31m')
  })
})
