/**
 * The session of a thread, put together: interpreter with the builtins of all rooms, the line to the engine, the store, jobs, progress. The same for the
 * prompt, scripts and background jobs; they differ in where printed text goes.
 */
import { isComplete, type ParserNames } from '../lang/index.ts'
import {
  bindInterrupt,
  createThreadInterpreter,
  DEFAULT_WIDTH,
  formatRuntimeError,
  type Interpreter,
  type Registry,
  Scalar,
  StringVector,
  setHeapLimit,
  setMemoryLimit,
  T,
  toHoldfastError,
  type Value,
} from '../runtime/index.ts'
import { type CompletionResult, completions } from './completion.ts'
import { EnginePort } from './engine-port.ts'
import { sessionRegistry, storeSide } from './late-functions.ts'
import {
  CONTROL_WIDTH,
  type FailureMessage,
  type ProgressMessage,
  type SessionConfig,
  type SessionLink,
} from './messages.ts'
import type { StoreConnection } from './store-session.ts'
import { heapBytes } from './thread-limits.ts'

/** Where a session's words go. */
export interface SessionVoice {
  /** One line or block, without the final newline. */
  print(text: string): void
  /** A warning or remark that is not output. */
  notice(text: string): void
  /** What a piece of work has done; left out where nobody keeps it. */
  outcome?(text: string): void
  progress(progress: ProgressMessage): void
}

/** Per thread: building it takes longer than a short job. */
let registry: Registry | undefined

const NO_NAMES: ParserNames = {
  isFunction: () => false,
  isVariable: () => false,
  isBuiltin: () => false,
  hasParameter: () => undefined,
}

/** What every session of this thread needs, made before the first one begins: its functions, and the parser. */
export function prepareSessions(): void {
  registry ??= sessionRegistry()
  isComplete('1', NO_NAMES)
}

export class ThreadSession {
  readonly interpreter: Interpreter
  readonly #connect: () => StoreConnection
  #store: StoreConnection | undefined
  readonly #voice: SessionVoice

  constructor(config: SessionConfig, link: SessionLink, voice: SessionVoice) {
    bindInterrupt(link.control)
    setMemoryLimit(config.memoryLimitBytes)
    setHeapLimit(heapBytes(config.memoryLimitBytes))
    registry ??= sessionRegistry()
    const control = new Int32Array(link.control)
    this.#voice = voice
    this.interpreter = createThreadInterpreter({
      registry,
      print: (text) => voice.print(text),
      sessionId: link.sessionId,
      display: {
        ...config.display,
        // Asked each time: the terminal may have been resized.
        get width() {
          return Atomics.load(control, CONTROL_WIDTH) || DEFAULT_WIDTH
        },
      },
    })
    this.#connect = () => storeSide().connectStore(this.interpreter, new EnginePort(link), config, voice)
    this.interpreter.provideLater(() => this.openStore())
  }

  /** Connects the session with the store now, rather than when a function first needs it. */
  openStore(): StoreConnection {
    this.#store ??= this.#connect()
    return this.#store
  }

  /** Runs script text and shows values as asked. The failure, if there was one, is ready to be shown too. */
  runStatement(text: string, file: string | undefined, show: 'all' | 'last' | 'none'): FailureMessage | undefined {
    try {
      const onExpression = show === 'all' ? (value: Value): void => this.#show(value) : undefined
      const failedBefore = this.interpreter.failedAssertions
      const last = this.interpreter.run(text, { file, onExpression })
      if (show === 'last') this.#show(last)
      const failed = this.interpreter.failedAssertions - failedBefore
      if (failed === 0) return undefined
      // Each has been told where it failed; the script as a whole counts as failed.
      const reason = failed === 1 ? '1 assertion failed.' : `${failed} assertions failed.`
      return { text: reason, reason, cancelled: false }
    } catch (thrown) {
      const error = toHoldfastError(thrown)
      const lines = [formatRuntimeError(error)]
      // For a fault of ours the way to it is what a report needs.
      if (error.kind === 'bug' && error.cause instanceof Error) lines.push(`${error.cause.stack}`)
      const reason = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
      return { text: lines.join('\n'), reason, cancelled: error.kind === 'cancelled' }
    }
  }

  setArguments(args: readonly string[]): void {
    this.interpreter.setVariable('args', new StringVector([...args]))
  }

  isComplete(text: string): boolean {
    return isComplete(text, this.interpreter.parserNames(''))
  }

  complete(line: string): CompletionResult {
    return completions(line, this.interpreter, () => this.openStore().databaseUrls())
  }

  close(): void {
    this.#store?.close()
  }

  /** What returns nothing shows nothing. */
  #show(value: Value): void {
    if (value.kind === 'scalar' && value.type === T.VOID && value !== Scalar.NOTHING) return
    this.#voice.print(this.interpreter.display(value))
  }
}
