/** A chunk and a commit name rows for ever: backups rely on it. */
import type { FoundTable } from './compare.ts'
import { Violation } from './violation.ts'

export class ChunkIdentities {
  /** Content by (chunk, commit). */
  readonly #contents = new Map<string, string>()

  note(found: ReadonlyMap<string, FoundTable>): void {
    for (const { key, columns, chunks } of found.values()) {
      const n = columns.indexOf('n')
      const x = columns.indexOf('x')
      for (const { identity, rows, path } of chunks) {
        const content = rows.map((r) => `${r[n]}:${r[x]}`).join(' ')
        const known = this.#contents.get(identity)
        if (known !== undefined && known !== content)
          throw new Violation(
            `(${identity}) of ${key}${path} has named other rows:\n  then ${known}\n  now  ${content}`,
          )
        this.#contents.set(identity, content)
      }
    }
  }
}
