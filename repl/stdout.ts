/** Output of a command that may be long: waits for a reader that is slower, and ends quietly when it has gone (`| head`). */
export class CommandOutput {
  #pending: string[] = []
  #length = 0

  constructor() {
    process.stdout.on('error', () => process.exit(0))
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
