/**
 * A session's line to the engine: the session sleeps until the answer is there.
 *
 * The engine answers on the message port, then raises the signal word and wakes the sleeper; the session reads the port with
 * `receiveMessageOnPort`, so it needs no event loop. Reading the word before the port rules out a lost wake-up. Answers carry the number of their question: an interrupted
 * wait leaves its answer behind, which is dropped, and answers to questions that were sent ahead are kept until they are asked for.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { checkInterrupt } from '../runtime/interrupt.ts'
import { decodeError, type EngineAnswer, type EngineRequest, type SessionLink } from './messages.ts'

/** A wait looks at the interrupt word at least this often, even if nobody wakes it. */
const WAIT_MS = 250

export class EnginePort {
  readonly #port: MessagePort
  readonly #signal: Int32Array
  #lastId = 0
  /** Questions that were sent ahead; their answers, once they are there. */
  readonly #ahead = new Map<number, EngineAnswer | undefined>()

  constructor(link: Pick<SessionLink, 'port' | 'signal'>) {
    this.#port = link.port
    this.#signal = new Int32Array(link.signal)
  }

  /**
   * Asks and waits. Throws what the engine threw. `interruptible` waits end with the cancellation error when the session is interrupted; the others (a
   * commit is short, and its outcome must be known) wait for the answer.
   */
  ask(request: EngineRequest, interruptible = false): unknown {
    return takeValue(this.#wait(this.#post(request), interruptible))
  }

  /** Asks without waiting: what it gives back waits for the answer, once, and is not interrupted. */
  send(request: EngineRequest): () => unknown {
    const id = this.#post(request)
    this.#ahead.set(id, undefined)
    return () => {
      const answer = this.#ahead.get(id) ?? this.#wait(id, false)
      this.#ahead.delete(id)
      return takeValue(answer)
    }
  }

  #post(request: EngineRequest): number {
    this.#port.postMessage({ id: ++this.#lastId, request })
    return this.#lastId
  }

  #wait(id: number, interruptible: boolean): EngineAnswer {
    for (;;) {
      const seen = Atomics.load(this.#signal, 0)
      for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port)) {
        const answer = got.message as EngineAnswer
        if (answer.id === id) return answer
        if (this.#ahead.has(answer.id)) this.#ahead.set(answer.id, answer)
      }
      if (interruptible) checkInterrupt()
      Atomics.wait(this.#signal, 0, seen, WAIT_MS)
    }
  }
}

function takeValue(answer: EngineAnswer): unknown {
  if (answer.ok) return answer.value
  throw decodeError(answer.error)
}

/** The engine's end. `handle` may answer later; what it throws reaches the asking session. */
export function serveSession(
  port: MessagePort,
  signal: SharedArrayBuffer,
  handle: (request: EngineRequest) => unknown,
  encodeFailure: (thrown: unknown) => (EngineAnswer & { ok: false })['error'],
): void {
  const word = new Int32Array(signal)
  const answer = (message: EngineAnswer): void => {
    port.postMessage(message)
    raise(word)
  }
  port.on('message', (question: { readonly id: number; readonly request: EngineRequest }) => {
    const { id, request } = question
    const fail = (thrown: unknown): void => answer({ id, ok: false, error: encodeFailure(thrown) })
    try {
      const value = handle(request)
      if (value instanceof Promise) value.then((v) => answer({ id, ok: true, value: v }), fail)
      else answer({ id, ok: true, value })
    } catch (thrown) {
      fail(thrown)
    }
  })
}

/** Ends a sleep so that the session looks at its port and its interrupt word. */
export const wake = (signal: SharedArrayBuffer): void => raise(new Int32Array(signal))

function raise(word: Int32Array): void {
  Atomics.add(word, 0, 1)
  Atomics.notify(word, 0)
}
