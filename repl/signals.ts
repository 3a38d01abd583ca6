/**
 * Signals that ask the process to end. The first one ends it in order: what runs is interrupted, the store makes a last checkpoint and gives its directory back.
 * A second one ends it at once; the next start recovers then.
 */
import { constants } from 'node:os'

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** The launcher passes signals on to a process that the terminal may have told already: two at almost the same time are one. */
const ECHO_MS = 250

export class EndSignals {
  #first: { readonly signal: EndSignal; readonly atMs: number } | undefined
  #listener: (signal: EndSignal) => void = () => {}
  #isInstalled = false

  /** From now on signals do not end the process by themselves. Not before something blocks without looking, such as reading standard input. */
  install(signals: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']): void {
    if (this.#isInstalled) return
    this.#isInstalled = true
    for (const signal of signals) process.on(signal, () => this.#take(signal))
  }

  /** Called for the first signal, at once if it has come already. One listener at a time. */
  listen(listener: (signal: EndSignal) => void): void {
    this.#listener = listener
    if (this.#first !== undefined) listener(this.#first.signal)
  }

  /** As shells report a process that a signal ended; undefined as long as none has come. */
  get exitCode(): number | undefined {
    return this.#first === undefined ? undefined : exitCodeOf(this.#first.signal)
  }

  #take(signal: EndSignal): void {
    if (this.#first === undefined) {
      this.#first = { signal, atMs: performance.now() }
      this.#listener(signal)
    } else if (performance.now() - this.#first.atMs > ECHO_MS) {
      // By the signal itself, as if nobody had listened: process.exit would first end the threads, whatever they are doing.
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    }
  }
}

const exitCodeOf = (signal: EndSignal): number => 128 + constants.signals[signal]
