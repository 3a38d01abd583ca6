/**
 * JSON text as values, with the entries of objects in the order of the text. JSON.parse puts keys that read as whole numbers first, and a dictionary
 * made of it would not have the order that the text has.
 */

/** An object: its entries in order; of equal keys the last value, at the place of the first. */
export class JsonObject {
  readonly entries: ReadonlyMap<string, Json>

  constructor(entries: ReadonlyMap<string, Json>) {
    this.entries = entries
  }
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** The value of a JSON text; a SyntaxError as JSON.parse throws it where the text is none. */
export function readJson(text: string): Json {
  const plain: unknown = JSON.parse(text)
  // Only objects lose their order: a text without keys of digits needs no second look.
  if (!/"\d+"\s*:/.test(text)) return ordered(plain)
  return new Reader(text).value()
}

function ordered(x: unknown): Json {
  if (Array.isArray(x)) return x.map(ordered)
  if (typeof x === 'object' && x !== null)
    return new JsonObject(new Map(Object.entries(x).map(([k, v]) => [k, ordered(v)] as const)))
  return x as null | boolean | number | string
}

/** Reads a text that JSON.parse has found to be right. */
class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): Json {
    this.#blank()
    const c = this.#text[this.#at]
    if (c === '{') return this.#object()
    if (c === '[') return this.#array()
    const end = c === '"' ? this.#endOfText() : this.#endOfWord()
    const part = this.#text.slice(this.#at, end)
    this.#at = end
    return JSON.parse(part) as Json
  }

  #object(): JsonObject {
    const entries = new Map<string, Json>()
    this.#at++
    for (this.#blank(); this.#text[this.#at] !== '}'; this.#blank()) {
      const key = this.value() as string
      this.#blank()
      this.#at++
      entries.set(key, this.value())
      this.#comma()
    }
    this.#at++
    return new JsonObject(entries)
  }

  #array(): Json[] {
    const items: Json[] = []
    this.#at++
    for (this.#blank(); this.#text[this.#at] !== ']'; this.#blank()) {
      items.push(this.value())
      this.#comma()
    }
    this.#at++
    return items
  }

  #comma(): void {
    this.#blank()
    if (this.#text[this.#at] === ',') this.#at++
  }

  #blank(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #endOfText(): number {
    let k = this.#at + 1
    while (this.#text[k] !== '"') k += this.#text[k] === '\\' ? 2 : 1
    return k + 1
  }

  #endOfWord(): number {
    let k = this.#at
    while (k < this.#text.length && !',]} \t\n\r'.includes(this.#text[k])) k++
    return k
  }
}
