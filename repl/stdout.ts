/** Output of a command that may be long: waits for a reader that is slower, and ends quietly when it has gone (`| head`). */
export class CommandOutput {
  #pending: string[] = []
  #length = 0

  /** `verdict`: the exit code that the command has come to, which a reader that has gone does not change. */
  constructor(verdict: () => number = () => 0) {
    process.stdout.on('error', (error) => process.exit(exitCodeFor(error, verdict)))
  }

  line(text: string): void {
    this.#pending.push(text, '\n')
    this.#length += text.length + 1
  }

  /** Whether so much waits that `flush` should be called. */
  get isFull(): boolean {
    return this.#length > 1 << 16
  }

  async flush(): Promise<void> {
    const text = this.#pending.join('')
    this.#pending = []
    this.#length = 0
    if (text !== '') await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
  }
}

/** What can't be written because nobody reads it is no failure; anything else is, and is told. */
export function exitCodeFor(error: NodeJS.ErrnoException, verdict: () => number): number {
  if (error.code === 'EPIPE') return verdict()
  process.stderr.write(`holdfast: the output could not be written: ${error.message}\n`)
  return verdict() || 1
}
