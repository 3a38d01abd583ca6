import { MessageChannel, Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { HoldfastError, toHoldfastError } from '../runtime/errors.ts'
import { serveSession, wake } from './engine-port.ts'
import { type EngineRequest, encodeError } from './messages.ts'

/** A thread that asks each question that it is sent and reports what came back. */
const ASKER = `
import { parentPort, workerData } from 'node:worker_threads'
const { EnginePort } = await import(workerData.port)
const { bindInterrupt } = await import(workerData.interrupt)
bindInterrupt(workerData.control)
const port = new EnginePort(workerData.link)
parentPort.on('message', ({ request, interruptible, ahead = [] }) => {
  try {
    const waits = ahead.map((r) => port.send(r))
    const value = port.ask(request, interruptible)
    parentPort.postMessage({ value: waits.length === 0 ? value : [value, ...waits.map((wait) => wait())] })
  }
  catch (e) { parentPort.postMessage({ error: [e.kind, e.code, e.message, e.refId, e.where] }) }
})
`

function asker(handle: (request: EngineRequest) => unknown): {
  ask: (request: unknown, interruptible?: boolean, ahead?: unknown[]) => Promise<{ value?: unknown; error?: unknown }>
  interrupt: () => void
  end: () => Promise<number>
} {
  const { port1, port2 } = new MessageChannel()
  const signal = new SharedArrayBuffer(4)
  const control = new SharedArrayBuffer(8)
  serveSession(port1, signal, handle, (thrown) => encodeError(toHoldfastError(thrown)))
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(ASKER)}`), {
    workerData: {
      port: new URL('./engine-port.ts', import.meta.url).href,
      interrupt: new URL('../runtime/interrupt.ts', import.meta.url).href,
      control,
      link: { port: port2, signal },
    },
    transferList: [port2],
  })
  return {
    ask: (request, interruptible = false, ahead = []) =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve)
        worker.once('error', reject)
        worker.postMessage({ request, interruptible, ahead })
      }),
    interrupt: () => {
      Atomics.store(new Int32Array(control), 0, 1)
      wake(signal)
    },
    end: () => {
      port1.close()
      return worker.terminate()
    },
  }
}

describe('a question to the engine', () => {
  it('is answered now, later, or with the error that the engine threw', async () => {
    const a = asker((request) => {
      const { kind } = request as { kind: string }
      if (kind === 'now') return 1
      if (kind === 'later') return new Promise((resolve) => setTimeout(resolve, 5, 2))
      throw new HoldfastError('conflict', 'taken', { code: 'locked', refId: 'S00002', where: { db: 'dfs://x' } })
    })
    expect(await a.ask({ kind: 'now' })).toEqual({ value: 1 })
    expect(await a.ask({ kind: 'later' })).toEqual({ value: 2 })
    expect(await a.ask({ kind: 'fails' })).toEqual({
      error: ['conflict', 'locked', 'taken RefId: S00002', 'S00002', { db: 'dfs://x' }],
    })
    await a.end()
  })

  it('may be sent ahead of others, and its answer is there when it is asked for, whichever comes first', async () => {
    const a = asker((request) => {
      const { kind } = request as { kind: string }
      if (kind === 'fails') throw new HoldfastError('conflict', 'taken', { code: 'locked' })
      return kind === 'late' ? new Promise((resolve) => setTimeout(resolve, 20, kind)) : kind
    })
    expect(await a.ask({ kind: 'between' }, false, [{ kind: 'late' }, { kind: 'early' }])).toEqual({
      value: ['between', 'late', 'early'],
    })
    const failed = await a.ask({ kind: 'between' }, false, [{ kind: 'fails' }])
    expect(failed.error).toContain('locked')
    expect(await a.ask({ kind: 'next' })).toEqual({ value: 'next' })
    await a.end()
  })

  it('that is interrupted leaves no answer behind for the next one', async () => {
    let answerFirst: (value: unknown) => void = () => undefined
    const a = asker((request) =>
      (request as { kind: string }).kind === 'never'
        ? new Promise((resolve) => {
            answerFirst = resolve
            a.interrupt()
          })
        : 'second',
    )
    const interrupted = await a.ask({ kind: 'never' }, true)
    expect(interrupted.error).toContain('cancelled')
    answerFirst('first')
    // Not interruptible: the word is still set.
    expect(await a.ask({ kind: 'next' })).toEqual({ value: 'second' })
    await a.end()
  })
})
