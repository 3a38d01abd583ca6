/**
 * Where each key of a TOML document stands, which the parser does not tell: errors in a configuration file name line and column. The text has been parsed
 * before, so it is known to be well formed.
 */
export interface Place {
  readonly line: number
  readonly column: number
}

export class TomlPlaces {
  readonly #text: string
  readonly #offsets = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#document()
  }

  /** The place of a key, or of what it is in; the beginning of the text where there is none. */
  of(path: readonly string[]): Place {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offsets.get(pathText(path.slice(0, length)))
      if (offset === undefined) continue
      const before = this.#text.slice(0, offset).split('\n')
      return { line: before.length, column: before[before.length - 1].length + 1 }
    }
    return { line: 1, column: 1 }
  }

  #document(): void {
    let table: readonly string[] = []
    for (;;) {
      this.#skip(/(?:\s|#[^\n]*)*/y)
      if (this.#at >= this.#text.length) return
      if (this.#text[this.#at] === '[') {
        this.#skip(/\[+\s*/y)
        table = this.#keyPath([])
        this.#skip(/\s*\]+/y)
      } else this.#pair(table)
    }
  }

  #pair(table: readonly string[]): void {
    const path = this.#keyPath(table)
    this.#skip(/\s*=\s*/y)
    this.#value(path)
  }

  /** `a."b c".d`: notes the first place of each of its tables, too. */
  #keyPath(table: readonly string[]): readonly string[] {
    const path = [...table]
    do {
      const offset = this.#at
      const key = this.#skip(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+/y)
      path.push(key.startsWith('"') ? (JSON.parse(key) as string) : key.startsWith("'") ? key.slice(1, -1) : key)
      const text = pathText(path)
      if (!this.#offsets.has(text)) this.#offsets.set(text, offset)
    } while (this.#skip(/\s*\.\s*/y) !== '')
    return path
  }

  #value(path: readonly string[]): void {
    const first = this.#text[this.#at]
    if (first === '{' || first === '[') {
      this.#at++
      const close = first === '{' ? '}' : ']'
      for (;;) {
        this.#skip(/(?:[\s,]|#[^\n]*)*/y)
        if (this.#at >= this.#text.length || this.#text[this.#at] === close) break
        if (first === '{') this.#pair(path)
        else this.#value(path)
      }
      this.#at++
    } else if (this.#skip(/"""[\s\S]*?(?<!\\)"""+|'''[\s\S]*?'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y) === '')
      // A number, a date or a word; the next character at least, so that the scan goes on in any case.
      this.#skip(/[^\s,\]}#]+(?: \d\d:[^\s,\]}#]*)?|[\s\S]/y)
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }
}

const pathText = (path: readonly string[]): string => JSON.stringify(path)
