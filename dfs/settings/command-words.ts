/**
 * Command lines of the configuration, such as `aws s3 cp %f s3://bucket/%n`: split into words as a shell does, but never given to one. Blanks separate words;
 * '...' takes everything as it stands; "..." keeps blanks, and \ before " or \ takes it as it stands; \ outside of quotes takes the next character as it
 * stands. Whatever else a shell would act on is refused, because here it would be a mere character and surprise somebody.
 *
 * Placeholders are filled in after splitting, so a file name is always a part of one word, whatever characters it has.
 */

export type CommandWords =
  | { readonly ok: true; readonly words: readonly string[] }
  /** Goes on after the name of the key: `has a quote that is not closed`. */
  | { readonly ok: false; readonly reason: string }

const REFUSED = new Set(['|', '&', ';', '<', '>', '(', ')', '`', '$', '\n', '\r', '#'])

export function splitCommand(text: string): CommandWords {
  const words: string[] = []
  let word: string | undefined
  for (let k = 0; k < text.length; k++) {
    const c = text[k]!
    if (c === ' ' || c === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (c === "'" || c === '"') {
      const quoted = readQuoted(text, k)
      if (typeof quoted === 'string') return { ok: false, reason: quoted }
      word = (word ?? '') + quoted.text
      k = quoted.end
    } else if (c === '\\') {
      if (k + 1 === text.length) return { ok: false, reason: 'ends with a backslash that stands before nothing' }
      word = (word ?? '') + text[++k]!
    } else if (REFUSED.has(c) && !(c === '#' && word !== undefined)) return { ok: false, reason: refusal(c) }
    else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  if (words.length === 0 || words[0] === '') return { ok: false, reason: 'names no program' }
  return { ok: true, words }
}

/** The text between quotes, and where the closing one stands; or what is wrong. */
function readQuoted(text: string, start: number): { readonly text: string; readonly end: number } | string {
  const quote = text[start]!
  let found = ''
  for (let k = start + 1; k < text.length; k++) {
    const c = text[k]!
    if (c === quote) return { text: found, end: k }
    if (quote === '"' && (c === '$' || c === '`')) return refusal(c)
    if (quote === '"' && c === '\\' && (text[k + 1] === '"' || text[k + 1] === '\\')) found += text[++k]!
    else found += c
  }
  return `has a ${quote} that is not closed`
}

const refusal = (c: string): string =>
  `uses ${c === '\n' || c === '\r' ? 'a line break' : c}, which is for shells, but is started without one; put it in '...' to mean the character, or call a script`

/** The words with `%f`, `%n` and `%%` filled in. */
export function fillCommand(words: readonly string[], file: string, name: string): string[] {
  return words.map((word) => word.replace(/%[fn%]/g, (p) => (p === '%f' ? file : p === '%n' ? name : '%')))
}
