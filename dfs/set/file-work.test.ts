import { chmodSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import { bindInterrupt, INTERRUPT_CANCEL } from '../../runtime/interrupt.ts'
import { checksumOf } from '../store/checksum.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { FileHelpers } from './file-helpers.ts'
import { FileWork, type FileWorkOptions } from './file-work.ts'
import type { ExpectedFile, FileCheck } from './pipeline.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-file-work-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let stores = 0
const local = (): LocalFileStore => new LocalFileStore(join(folder, `store${++stores}`))

interface Content {
  readonly name: string
  readonly expected: ExpectedFile
}

/** Files of `bytes` bytes each, all different. */
function fill(store: FileStore, count: number, bytes: number): Content[] {
  const content = new Uint8Array(bytes)
  return Array.from({ length: count }, (_, k) => {
    content.fill(k * 7 + 1)
    content[bytes >> 1] = k
    const name = `d${k % 5}/f${k}.arrow`
    const writer = store.openWrite(name)
    writer.write(content)
    writer.close()
    return { name, expected: { bytes, checksum: checksumOf(content) } }
  })
}

const neverRefused = (check: FileCheck): never => {
  throw new Error(`refused: ${check.kind}`)
}
const damaged = (check: FileCheck): never => {
  throw new HoldfastError('data', `damaged: ${check.kind}`)
}
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

function caught(body: () => void): HoldfastError {
  try {
    body()
  } catch (error) {
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}

/** Runs a body on a piece of work, which is ended however the body ends. */
function working<R>(
  options: Omit<FileWorkOptions, 'onBytes'> & Partial<FileWorkOptions>,
  body: (work: FileWork) => R,
): R {
  const work = new FileWork({ onBytes: () => {}, ...options })
  try {
    return body(work)
  } finally {
    work.end()
  }
}

const helpers = new FileHelpers({ count: 2 })

const places: readonly [string, () => Pick<FileWorkOptions, 'source' | 'helpers'> & { readonly target: FileStore }][] =
  [
    ['alone', () => ({ source: local(), target: local(), helpers: new FileHelpers({ count: 0 }) })],
    ['with helpers', () => ({ source: local(), target: local(), helpers })],
    ['in memory', () => ({ source: new MemoryFileStore(), target: new MemoryFileStore(), helpers })],
  ]

describe.each(places)('file work %s', (_, make) => {
  it('copies every file, and runs each step when all before it are there, in order', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 140, 5000)
    const order: number[] = []
    let bytes = 0
    working({ source, target, helpers, onBytes: (n) => (bytes += n) }, (work) => {
      files.forEach((file, k) => {
        work.copy(file.name, `${file.name}.part`, file.expected, neverRefused)
        work.afterwards(() => {
          target.rename(`${file.name}.part`, file.name)
          order.push(k)
        })
      })
      work.flush()
    })
    expect(order).toEqual(files.map((_, k) => k))
    expect(bytes).toBe(140 * 5000)
    for (const { name, expected } of files) expect(checksumOf(target.readFile(name))).toBe(expected.checksum)
  })

  it('may be flushed between', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 140, 100)
    working({ source, target, helpers }, (work) => {
      for (const part of [files.slice(0, 70), files.slice(70, 70), files.slice(70)]) {
        for (const { name, expected } of part) work.copy(name, name, expected, neverRefused)
        work.flush()
        for (const { name, expected } of part) expect(target.stat(name)?.bytes).toBe(expected.bytes)
      }
    })
  })

  it('tells of every file that is not as expected, in order, and checks the others', () => {
    const { source, helpers } = make()
    const files = fill(source, 200, 3000)
    source.remove(files[3].name)
    const wrong = files.map((f, k) => (k % 50 === 49 ? { ...f.expected, checksum: '0123456789abcdef' } : f.expected))
    wrong[10] = { ...wrong[10], bytes: 2999 }
    const found: string[] = []
    working({ source, helpers }, (work) => {
      files.forEach(({ name }, k) => {
        work.check(name, wrong[k], (check) => found.push(`${k} ${check.kind}`))
      })
      work.flush()
    })
    expect(found).toEqual([
      '3 missing',
      '10 sizeMismatch',
      '49 checksumMismatch',
      '99 checksumMismatch',
      '149 checksumMismatch',
      '199 checksumMismatch',
    ])
  })

  it('ends a copy at the first damaged file, and removes what it had made of it', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 200, 3000)
    const bad = 77
    const done: number[] = []
    const error = caught(() =>
      working({ source, target, helpers }, (work) => {
        files.forEach(({ name, expected }, k) => {
          work.copy(name, name, k === bad ? { ...expected, checksum: '0123456789abcdef' } : expected, damaged)
          work.afterwards(() => done.push(k))
        })
        work.flush()
      }),
    )
    expect(error.message).toBe('damaged: checksumMismatch')
    expect(target.stat(files[bad].name)).toBeUndefined()
    expect(done.every((k) => k < bad)).toBe(true)
  })

  it('says that a file vanished before its turn', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 100, 3000)
    const error = caught(() =>
      working({ source, target, helpers }, (work) => {
        for (const { name, expected } of files) work.copy(name, name, expected, damaged)
        source.remove(files[90].name)
        work.flush()
      }),
    )
    expect(error.message).toBe('damaged: missing')
  })

  it('names the file when the target cannot be written', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 100, 3000)
    const writer = target.openWrite('d4')
    writer.close()
    const error = caught(() =>
      working({ source, target, helpers }, (work) => {
        for (const { name, expected } of files) work.copy(name, name, expected, damaged)
        work.flush()
      }),
    )
    expect(error).toMatchObject({ kind: 'io', code: expect.stringMatching(/ENOTDIR|EEXIST/) })
    expect(error.message).toContain('d4')
  })

  it('does nothing more once it is ended', () => {
    const { source, target, helpers } = make()
    const files = fill(source, 200, 3000)
    const error = caught(() =>
      working({ source, target, helpers }, (work) => {
        for (const { name, expected } of files) work.copy(name, name, expected, damaged)
        work.afterwards(() => {
          throw new HoldfastError('input', 'enough')
        })
        work.flush()
      }),
    )
    expect(error.message).toBe('enough')
  })
})

describe('an interrupt', () => {
  const word = new SharedArrayBuffer(4)
  afterEach(() => bindInterrupt(new SharedArrayBuffer(4)))
  it('ends the work, and no thread writes any more', () => {
    const source = local()
    const target = local()
    const files = fill(source, 64, 1 << 20)
    bindInterrupt(word)
    let bytes = 0
    const error = caught(() =>
      working(
        {
          source,
          target,
          helpers,
          onBytes(n) {
            bytes += n
            sleep(1)
            if (bytes > 8 << 20) Atomics.store(new Int32Array(word), 0, INTERRUPT_CANCEL)
          },
        },
        (work) => {
          for (const { name, expected } of files) work.copy(name, name, expected, damaged)
          work.flush()
        },
      ),
    )
    expect(error.kind).toBe('cancelled')
    const sizes = (): (number | undefined)[] => files.map((f) => target.stat(f.name)?.bytes)
    const then = sizes()
    sleep(30)
    expect(sizes()).toEqual(then)
    // What was not complete was removed.
    expect(then.filter((s) => s !== undefined && s !== 1 << 20)).toEqual([])
    expect(then.filter((s) => s === undefined).length).toBeGreaterThan(0)
  })
})

describe('a sync that fails', () => {
  it('is final: the file does not count, nor does what follows', () => {
    const source = new MemoryFileStore()
    const files = fill(source, 5, 100)
    const target = new FaultyFileStore(new MemoryFileStore())
    const done: number[] = []
    const copy = (): void =>
      working({ source, target }, (work) => {
        files.forEach(({ name, expected }, k) => {
          work.copy(name, name, expected, damaged)
          work.afterwards(() => done.push(k))
        })
        work.flush()
      })
    copy()
    const third = target.log.map((line, k) => (line.startsWith('sync') ? k + 1 : 0)).filter((k) => k > 0)[2]
    done.length = 0
    target.calls = 0
    target.faults = { failCall: third, code: 'EIO' }
    expect(caught(copy)).toMatchObject({ kind: 'io', code: 'EIO' })
    expect(done).toEqual([0, 1])
  })
})

describe('helpers', () => {
  /** A thread that takes the first task of every batch and ends in the middle of it, having begun to write its target. */
  function dyingEntry(): URL {
    const at = join(folder, 'dying.mjs')
    const here = (file: string): string => pathToFileURL(join(import.meta.dirname, file)).href
    writeFileSync(
      at,
      `import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HELPER_GONE, HELPER_WAKE, TaskBatch, WORK_CHANGES } from '${here('file-task.ts')}'
const own = new Int32Array(workerData.words)
setImmediate(() => {
  let begin
  for (;;) {
    const seen = Atomics.load(own, HELPER_WAKE)
    for (let got = receiveMessageOnPort(workerData.port); got !== undefined; got = receiveMessageOnPort(workerData.port)) {
      if (got.message.kind === 'begin') begin = got.message
      if (got.message.kind !== 'batch') continue
      const batch = new TaskBatch(got.message.batch)
      const task = batch.take(workerData.worker)
      if (task === undefined) continue
      writeFileSync(join(begin.target.root, batch.tasks[task].target), 'half')
      Atomics.store(own, HELPER_GONE, 1)
      Atomics.add(new Int32Array(begin.control), WORK_CHANGES, 1)
      process.exit(1)
    }
    Atomics.wait(own, HELPER_WAKE, seen, 1000)
  }
})
`,
    )
    return pathToFileURL(at)
  }

  it('that end in the middle of a file leave it to the session', () => {
    const source = local()
    const target = local()
    const files = fill(source, 100, 20_000)
    for (const { name } of files) target.makeDirectory(name.slice(0, name.lastIndexOf('/')))
    const dying = new FileHelpers({ count: 2, entry: dyingEntry() })
    const started = dying.start()
    const order: number[] = []
    working(
      {
        source,
        target,
        helpers: dying,
        // This thread stops in its first file until a helper is dead.
        onBytes() {
          for (let n = 0; n < 1000 && !started.some((h) => h.isGone); n++) sleep(10)
        },
      },
      (work) => {
        files.forEach(({ name, expected }, k) => {
          work.copy(name, name, expected, neverRefused)
          work.afterwards(() => order.push(k))
        })
        work.flush()
      },
    )
    expect(started.some((h) => h.isGone)).toBe(true)
    expect(order).toEqual(files.map((_, k) => k))
    for (const { name, expected } of files) expect(checksumOf(target.readFile(name))).toBe(expected.checksum)
  })

  it('work beside the session', () => {
    const source = local()
    const target = local()
    const files = fill(source, 100, 20_000)
    working(
      {
        source,
        target,
        helpers,
        // This thread stops in its first file until somebody else has copied one.
        onBytes() {
          const copied = (): boolean => target.stat(files[2].name)?.bytes === 20_000
          for (let n = 0; n < 1000 && !copied(); n++) sleep(10)
          expect(copied()).toBe(true)
        },
      },
      (work) => {
        for (const { name, expected } of files) work.copy(name, name, expected, neverRefused)
        work.flush()
      },
    )
  })

  it('that cannot even start are not waited for', () => {
    const source = local()
    const target = local()
    const files = fill(source, 100, 1000)
    const broken = new FileHelpers({ count: 1, entry: pathToFileURL(join(folder, 'there-is-no-such-file.mjs')) })
    working({ source, target, helpers: broken }, (work) => {
      for (const { name, expected } of files) work.copy(name, name, expected, neverRefused)
      work.flush()
    })
    for (const { name, expected } of files) expect(target.stat(name)?.bytes).toBe(expected.bytes)
  })

  it('end by themselves when idle, and others take their place', async () => {
    const brief = new FileHelpers({ count: 1, idleMs: 20 })
    const [first] = brief.start()
    for (let n = 0; n < 500 && !first.isGone; n++) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(first.isGone).toBe(true)
    const [second] = brief.start()
    expect(second).not.toBe(first)
    const source = local()
    const files = fill(source, 100, 1000)
    let damagedFiles = 0
    working({ source, helpers: brief }, (work) => {
      for (const { name, expected } of files) work.check(name, expected, () => damagedFiles++)
      work.flush()
    })
    expect(damagedFiles).toBe(0)
  })

  it('find damage that comes while they work', () => {
    const source = local()
    const files = fill(source, 100, 1 << 18)
    truncateSync(join(source.root, files[50].name), 1000)
    unlinkSync(join(source.root, files[60].name))
    if (process.getuid?.() !== 0) chmodSync(join(source.root, files[70].name), 0)
    const found: string[] = []
    working({ source, helpers }, (work) => {
      files.forEach(({ name, expected }, k) => {
        work.check(name, expected, (check) => found.push(`${k} ${check.kind}`))
      })
      work.flush()
    })
    expect(found.slice(0, 2)).toEqual(['50 sizeMismatch', '60 missing'])
    if (process.getuid?.() !== 0) expect(found[2]).toBe('70 unreadable')
  })
})
