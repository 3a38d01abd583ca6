/** Which parts of segments were found to be what was written. Segments never change, so a session looks once. */

/** Offsets that are remembered, in all files; beyond it everything is forgotten, and looked at again. */
const OFFSETS_MAX = 1 << 18

/** Stands for the footer among the offsets of buffers. */
export const FOOTER = -1

export class VerifiedBuffers {
  readonly #files = new Map<string, Set<number>>()
  #offsets = 0

  has(file: string, offset: number): boolean {
    return this.#files.get(file)?.has(offset) === true
  }

  add(file: string, offset: number): void {
    if (++this.#offsets > OFFSETS_MAX) {
      this.#files.clear()
      this.#offsets = 1
    }
    const known = this.#files.get(file)
    if (known === undefined) this.#files.set(file, new Set([offset]))
    else known.add(offset)
  }
}
