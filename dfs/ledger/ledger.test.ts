import { describe, expect, it } from 'vitest'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { FileProof } from './file.ts'
import { LEDGER_FOLDER, Ledger } from './ledger.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_700_000_000_000
const content = { bytes: 5, checksum: '00000000000000aa' }

const proof = (path: string, provenMs: number, isSound = true): FileProof => ({
  ...{ path, ...content, provenMs, where: 'here:/b', how: 'check', isSound },
})
const open = (store: FileStore): Ledger => new Ledger(store, () => {})
const prove = (store: FileStore, ...proofs: FileProof[]): void => {
  const ledger = open(store)
  for (const p of proofs) ledger.addFile(p)
  ledger.flush(NOW_MS)
}
/** A set with a file of that name, which a ledger may speak of. */
function setOf(...paths: string[]): MemoryFileStore {
  const set = new MemoryFileStore()
  for (const path of paths) set.writeFileAtomic(path, 'bytes')
  return set
}
const ledgerFiles = (set: FileStore): string[] => set.list(LEDGER_FOLDER).map((e) => e.name)

describe('a ledger', () => {
  it('keeps the later of two facts, in whichever order their files are read', () => {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const set = setOf('data/a')
      for (const ms of order) prove(set, proof('data/a', ms, ms === 2))
      expect(open(set).file('data/a', content)).toMatchObject({ provenMs: 2, isSound: true })
      expect(open(set).file('data/a', { ...content, checksum: '00000000000000ab' })).toBeUndefined()
    }
  })
  it('of two runs at once has the facts of both', () => {
    const set = setOf('data/a', 'data/b')
    const [one, two] = [open(set), open(set)]
    one.addFile(proof('data/a', 1))
    two.addFile(proof('data/b', 2))
    one.flush(NOW_MS)
    two.flush(NOW_MS)
    expect(open(set).file('data/a', content)).toBeDefined()
    expect(open(set).file('data/b', content)).toBeDefined()
  })
  it('merges files that it has read, and none that somebody wrote since', () => {
    const set = setOf('data/a', 'data/b', 'data/c')
    for (let k = 0; k < 4; k++) prove(set, proof('data/a', k))
    const merging = open(set)
    prove(set, proof('data/b', 100))
    merging.addFile(proof('data/c', 200))
    merging.addFile(proof('data/gone', 200))
    merging.flush(NOW_MS)
    expect(ledgerFiles(set).length).toBeLessThanOrEqual(3)
    const after = open(set)
    for (const path of ['data/a', 'data/b', 'data/c']) expect(after.file(path, content), path).toBeDefined()
    expect(after.file('data/gone', content)).toBeUndefined()
  })
  it('removes what a run left half written, a day later', () => {
    for (const [modifiedMs, stays] of [
      [NOW_MS - 1000, true],
      [NOW_MS - 2 * DAY_MS, false],
    ] as const) {
      const set = setOf('data/a')
      const { stat } = set
      set.stat = (path) => {
        const found = stat.call(set, path)
        return found === undefined ? undefined : { ...found, modifiedMs }
      }
      set.writeFileAtomic(`${LEDGER_FOLDER}/x.proofs.part`, 'half')
      for (let k = 0; k < 17; k++) prove(set, proof('data/a', k))
      expect(ledgerFiles(set).includes('x.proofs.part')).toBe(stays)
    }
  })
  it('that dies in any call of a merge, and loses power, forgets nothing that was durable', () => {
    const story = (): MemoryFileStore => {
      const set = setOf('data/a', 'data/b')
      for (let k = 0; k < 4; k++) prove(set, proof(k % 2 === 0 ? 'data/a' : 'data/b', k))
      return set
    }
    const counted = new FaultyFileStore(story())
    prove(counted, proof('data/a', 100))
    expect(counted.calls).toBeGreaterThan(10)
    for (const powerLoss of [false, true])
      for (let call = 1; call <= counted.calls; call++) {
        const set = story()
        let state = call
        const random = (): number => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0
          return state / 4294967296
        }
        expect(() => prove(new FaultyFileStore(set, { dieAtCall: call, random }), proof('data/a', 100))).toThrow(
          StoreDied,
        )
        if (powerLoss) set.losePower(random)
        const after = open(set)
        expect(after.file('data/a', content)?.provenMs, `call ${call}`).toBeGreaterThanOrEqual(2)
        expect(after.file('data/b', content)?.provenMs, `call ${call}`).toBe(3)
      }
  })
  it('that cannot be written says so once, and the verification goes on', () => {
    const notes: string[] = []
    const ledger = new Ledger(new FaultyFileStore(setOf('data/a'), { bytesMax: 0 }), (text) => notes.push(text))
    for (let k = 0; k < 3; k++) {
      ledger.addFile(proof('data/a', k))
      ledger.flush(NOW_MS)
    }
    expect(notes).toEqual([expect.stringMatching(/cannot be written, so this verification will not be remembered/)])
    expect(ledger.file('data/a', content)?.provenMs).toBe(2)
  })
})
