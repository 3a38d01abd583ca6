/** The main thread's view of a session thread that a person or a script owns. */
import type { Worker } from 'node:worker_threads'
import { HoldfastError, toHoldfastError } from '../runtime/errors.ts'
import { sessionWorker } from './early-thread.ts'
import type {
  FailureMessage,
  ProgressMessage,
  SessionBoot,
  SessionCommand,
  SessionConfig,
  SessionEvent,
} from './messages.ts'
import { newRing, RingReader } from './output-ring.ts'
import type { SessionEnd } from './session-links.ts'

export interface SessionListeners {
  /** Printed bytes, in order. Answer false to be asked again only after `resumeOutput` (the terminal or pipe is full). */
  readonly onOutput: (bytes: Buffer) => boolean
  readonly onNotice: (text: string) => void
  readonly onProgress: (progress: ProgressMessage) => void
}

export interface RunOutcome {
  /** Undefined when the text ran to its end. */
  readonly failure: FailureMessage | undefined
}

export interface Completions {
  readonly matches: readonly string[]
  /** The end of the line that the matches replace. */
  readonly word: string
}

type Answer = Extract<SessionEvent, { readonly id: number }>

export class SessionHandle {
  readonly #end: SessionEnd
  readonly #worker: Worker
  readonly #listeners: SessionListeners
  readonly #ring: RingReader
  readonly #pending = new Map<number, { resolve: (event: Answer) => void; reject: (reason: unknown) => void }>()
  /** Who is logged in, as of the last statement. */
  user = 'guest'
  #blocked = false
  #lastId = 0
  #dead: HoldfastError | undefined

  constructor(end: SessionEnd, config: SessionConfig, listeners: SessionListeners, user?: string) {
    const output = newRing()
    const boot: SessionBoot = { config, link: end.link, output, ...(user === undefined ? {} : { user }) }
    this.#end = end
    this.#listeners = listeners
    this.#ring = new RingReader(output)
    this.#worker = sessionWorker(config.memoryLimitBytes)
    this.#worker.postMessage({ kind: 'boot', boot } satisfies SessionCommand, [end.link.port])
    this.#worker.on('message', (event: SessionEvent) => this.#receive(event))
    this.#worker.on('error', (thrown) => this.#die(toHoldfastError(thrown)))
    this.#worker.on('exit', () => this.#die(new HoldfastError('cancelled', 'The session has been closed.')))
  }

  get sessionId(): bigint {
    return this.#end.sessionId
  }

  /** Why the thread is gone; undefined while it lives. */
  get dead(): HoldfastError | undefined {
    return this.#dead
  }

  async run(text: string, show: 'all' | 'last' | 'none', file?: string): Promise<RunOutcome> {
    this.#end.begin()
    try {
      const event = await this.#ask((id) => ({ kind: 'run', id, text, file, show }))
      return { failure: event.kind === 'done' ? event.failure : undefined }
    } finally {
      this.#end.end()
    }
  }

  setArguments(args: readonly string[]): void {
    this.#worker.postMessage({ kind: 'args', args } satisfies SessionCommand)
  }

  async complete(line: string): Promise<Completions> {
    const event = await this.#ask((id) => ({ kind: 'complete', id, line }))
    return event.kind === 'completions' ? event : { matches: [], word: '' }
  }

  /** Whether the text is whole, so that it can run. */
  async isComplete(text: string): Promise<boolean> {
    const event = await this.#ask((id) => ({ kind: 'isComplete', id, text }))
    return event.kind !== 'complete?' || event.complete
  }

  /** Stops the running statement. */
  interrupt(): void {
    this.#end.interrupt()
  }

  setWidth(columns: number): void {
    this.#end.setWidth(columns)
  }

  /** The place where output goes has room again. */
  resumeOutput(): void {
    this.#blocked = false
    this.#drain()
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
    this.#end.close()
  }

  #ask(command: (id: number) => SessionCommand): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage(command(id))
    })
  }

  #receive(event: SessionEvent): void {
    switch (event.kind) {
      case 'output':
        this.#drain()
        return
      case 'notice':
        this.#drain()
        this.#listeners.onNotice(event.text)
        return
      case 'progress':
        this.#listeners.onProgress(event.progress)
        return
      default: {
        // All text of a statement is out before its end is told.
        this.#blocked = false
        this.#drain(true)
        const pending = this.#pending.get(event.id)
        this.#pending.delete(event.id)
        if (event.kind === 'done') this.user = event.user
        pending?.resolve(event)
      }
    }
  }

  /** `all`: what is left of a finished statement goes out even if the receiver is slow; the ring's size bounds it. */
  #drain(all = false): void {
    while (!this.#blocked || all) {
      const bytes = this.#ring.take()
      if (bytes.length === 0) return
      this.#blocked = !this.#listeners.onOutput(bytes)
    }
  }

  #die(reason: HoldfastError): void {
    if (this.#dead !== undefined) return
    this.#dead = reason
    this.#drain(true)
    for (const pending of this.#pending.values()) pending.reject(reason)
    this.#pending.clear()
    this.#end.close()
  }
}
