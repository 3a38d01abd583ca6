/**
 * Rows that an import could not take, beside the file they come from: `<file>.reject`. For each row a line that begins with # and says where it stood and what is wrong with it,
 * then the row as it stands in the file: what is corrected can be imported once the lines with # are taken out. There is no such file where no row was rejected.
 */
import type { FileStore, FileWriter } from '../store/file-store.ts'
import type { Rejection } from './csv/format.ts'
import { REJECT } from './layout.ts'

/** Written at once: many large rows together are more than one text can have. */
const TEXT_MAX = 1 << 20

export class RejectFile {
  readonly #store: FileStore
  readonly #path: string
  #writer: FileWriter | undefined
  rows = 0

  /** What an earlier import left goes. Nothing else is written unless a row is rejected: files may lie where nobody may write. */
  constructor(store: FileStore, file: string) {
    this.#store = store
    this.#path = file + REJECT
    if (store.stat(this.#path) !== undefined) store.remove(this.#path)
  }

  add(rejections: readonly Rejection[]): void {
    if (rejections.length === 0) return
    this.#writer ??= this.#store.openWrite(this.#path)
    let text = ''
    for (const { line, column, reason, record } of rejections) {
      text += `# line ${line}${column === '' ? '' : `, column ${column}`}: ${oneLine(reason)}\n${record}\n`
      if (text.length < TEXT_MAX) continue
      this.#writer.write(Buffer.from(text))
      text = ''
    }
    this.#writer.write(Buffer.from(text))
    this.rows += rejections.length
  }

  close(): void {
    if (this.#writer === undefined) return
    this.#writer.sync()
    this.#writer.close()
    this.#writer = undefined
  }
}

const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ')
