/** Engine-side ends of session threads: the message channel, the words in shared memory, and who is at the other end. */
import { MessageChannel } from 'node:worker_threads'
import { toHoldfastError } from '../runtime/errors.ts'
import { INTERRUPT_CANCEL, INTERRUPT_NONE } from '../runtime/interrupt.ts'
import { serveSession, wake } from './engine-port.ts'
import { unwatchHeap, watchHeap } from './heap-watch.ts'
import { CONTROL_BYTES, CONTROL_WIDTH, type EngineRequest, encodeError, type SessionLink } from './messages.ts'

/** Who asks. */
export interface Peer {
  readonly sessionId: bigint
  /** The job that the session runs; undefined for the prompt and for scripts. */
  readonly jobId: string | undefined
}

export interface SessionEnd extends Peer {
  /** To be handed to the thread, its port by transfer. */
  readonly link: SessionLink
  /** Stops what the session runs. */
  interrupt(): void
  /** A statement or job begins. Forgets an interrupt that came too late for the one before. */
  begin(): void
  /** What began has ended. */
  end(): void
  setWidth(columns: number): void
  close(): void
}

let lastSessionId = 0n

export function openLink(
  jobId: string | undefined,
  engine: {
    readonly answer: (request: EngineRequest, peer: Peer) => unknown
    readonly ended: (peer: Peer) => void
  },
): SessionEnd {
  const { port1, port2 } = new MessageChannel()
  const signal = new SharedArrayBuffer(4)
  const control = new SharedArrayBuffer(CONTROL_BYTES)
  const words = new Int32Array(control)
  const sessionId = ++lastSessionId
  const peer = { sessionId, jobId }
  let closed = false
  serveSession(
    port1,
    signal,
    (request) => engine.answer(request, peer),
    (thrown) => encodeError(toHoldfastError(thrown)),
  )
  // An open line does not keep the process alive: running sessions and jobs do.
  port1.unref()
  return {
    ...peer,
    link: { sessionId, port: port2, signal, control },
    interrupt() {
      Atomics.store(words, 0, INTERRUPT_CANCEL)
      Atomics.notify(words, 0)
      wake(signal)
    },
    begin() {
      Atomics.store(words, 0, INTERRUPT_NONE)
      watchHeap(words)
    },
    end: () => unwatchHeap(words),
    setWidth(columns) {
      Atomics.store(words, CONTROL_WIDTH, columns)
    },
    close() {
      if (closed) return
      closed = true
      unwatchHeap(words)
      port1.close()
      engine.ended(peer)
    },
  }
}
