/**
 * Long operations on stderr: bars on a terminal, plain lines elsewhere. A pipe or a log gets a line only from operations that take seconds, and
 * then one every few seconds.
 */
import type { MultiBar, SingleBar } from 'cli-progress'
import type { ProgressMessage } from '../jobs/index.ts'

const FIRST_LINE_MS = 2000
const LINE_EVERY_MS = 5000

export class ProgressReporter {
  readonly #stream: NodeJS.WriteStream
  readonly #lines = new Map<string, { nextMs: number; spoke: boolean }>()
  readonly #bars = new Map<string, SingleBar>()
  #multi: Promise<MultiBar> | undefined
  /** Bars are drawn one after the other, in the order of the messages. */
  #drawing: Promise<void> = Promise.resolve()

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  report(progress: ProgressMessage): void {
    if (this.#stream.isTTY) this.#drawing = this.#drawing.then(() => this.#draw(progress))
    else this.#line(progress)
  }

  /** Takes bars off the screen, so that other text can follow. */
  async clear(): Promise<void> {
    await this.#drawing
    if (this.#multi === undefined) return
    const multi = await this.#multi
    multi.stop()
    this.#multi = undefined
    this.#bars.clear()
  }

  #line(p: ProgressMessage): void {
    const now = Date.now()
    const line = this.#lines.get(p.id)
    if (line === undefined) {
      if (!p.finished) this.#lines.set(p.id, { nextMs: now + FIRST_LINE_MS, spoke: false })
      return
    }
    if (p.finished) this.#lines.delete(p.id)
    if (p.finished ? line.spoke : now >= line.nextMs) {
      line.spoke = true
      line.nextMs = now + LINE_EVERY_MS
      this.#stream.write(`${progressText(p)}\n`)
    }
  }

  async #draw(p: ProgressMessage): Promise<void> {
    this.#multi ??= import('cli-progress').then(
      ({ MultiBar, Presets }) =>
        new MultiBar(
          {
            stream: this.#stream,
            format: '{label} [{bar}] {percentage}% {amount} {eta_formatted}',
            hideCursor: true,
            clearOnComplete: true,
            stopOnComplete: false,
          },
          Presets.legacy,
        ),
    )
    const multi = await this.#multi
    let bar = this.#bars.get(p.id)
    const fields = { label: p.label, amount: amountText(p) }
    if (bar === undefined) {
      if (p.finished) return
      bar = multi.create(Math.max(p.total, 1), p.done, fields)
      this.#bars.set(p.id, bar)
    }
    bar.setTotal(Math.max(p.total, 1))
    bar.update(p.done, fields)
    if (p.finished) {
      multi.remove(bar)
      this.#bars.delete(p.id)
      if (this.#bars.size === 0) {
        multi.stop()
        this.#multi = undefined
      }
    }
  }
}

export function progressText(p: ProgressMessage): string {
  const percent = p.total > 0 ? ` ${Math.floor((100 * p.done) / p.total)}%` : ''
  return `${p.label}:${percent} ${amountText(p)}${p.finished ? ', done' : ''}`
}

function amountText(p: ProgressMessage): string {
  if (p.unit !== 'bytes') return `${p.done} of ${p.total} ${p.unit}`
  const megabytes = (n: number): string => (n / (1024 * 1024)).toFixed(1)
  return `${megabytes(p.done)} of ${megabytes(p.total)} MB`
}
