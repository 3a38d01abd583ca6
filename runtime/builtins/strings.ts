/**
 * Text functions on bytes and characters. Strings are UTF-8 to the script: lengths and offsets count bytes (functions ending in `u` count
 * characters). Pure ASCII text, the usual case, needs no detour over bytes.
 */
import { inputError, usageError } from '../errors.ts'
import { rawText } from '../print/scalars.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isLiteral, NULL_I8, T } from '../values/types.ts'
import { AnyVector, ArrayVector, FixedVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, required, textArg } from './args.ts'
import { commonLength, mapText, type Parameter, parameter } from './text-map.ts'

const { entries, define } = topicTable('Strings')
export const stringBuiltins = entries

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII as a whole.
const ASCII = /^[\x00-\x7f]*$/
const isAscii = (text: string): boolean => ASCII.test(text)

/** Bytes [from, to) of the text's UTF-8 form. */
export function byteSlice(text: string, from: number, to: number): string {
  return isAscii(text) ? text.slice(from, to) : Buffer.from(text).subarray(from, to).toString()
}

/** Length in UTF-8 bytes. */
export const byteLength = (text: string): number => (isAscii(text) ? text.length : Buffer.byteLength(text))

/** Byte offset of a UTF-16 index. */
export const byteOffset = (text: string, index: number): number =>
  index <= 0 ? index : byteLength(text.slice(0, index))

const integers = (v: Arg, signature: string, name: string): Parameter<number> =>
  parameter(required(v, signature, name), (s) => intArg(s, signature, name))
const texts = (v: Arg, signature: string, name: string): Parameter<string> =>
  parameter(required(v, signature, name), (s) => textArg(s, signature, name))

/** A function of one text to one text; CHAR stays CHAR where each character maps to one. */
function defineText(name: string, doc: string, f: (text: string) => string, onChars = false): void {
  const signature = `${name}(X)`
  define(signature, {
    doc,
    kind: 'element',
    call: ([x]) => {
      if (onChars && x !== undefined && 'type' in x && x.type === T.CHAR) return mapChars(x, f)
      return mapText(signature, x, T.STRING, f)
    },
  })
}

function mapChars(x: Value, f: (text: string) => string): Value {
  const one = (code: number): number => (code <= 0 ? code : f(String.fromCharCode(code)).charCodeAt(0))
  if (x.kind === 'scalar') return new Scalar(T.CHAR, one(x.value as number))
  const v = x as FixedVector
  return new FixedVector(
    T.CHAR,
    Int8Array.from({ length: v.length }, (_, k) => one(v.data[k] as number)),
  )
}

defineText('upper', 'Letters in upper case. Tables: text columns only.', (s) => s.toUpperCase(), true)
defineText('lower', 'Letters in lower case. Tables: text columns only.', (s) => s.toLowerCase(), true)
defineText('trim', 'Without blanks at both ends.', (s) => s.replace(/^ +| +$/g, ''))
defineText('ltrim', 'Without blanks at the start.', (s) => s.replace(/^ +/, ''))
defineText('rtrim', 'Without blanks at the end.', (s) => s.replace(/ +$/, ''))
defineText('strip', 'Without blanks, tabs and line ends at both ends.', (s) =>
  s.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''),
)
defineText(
  'initcap',
  'Each word with a capital first letter, the rest in lower case. Words are runs of Latin letters and digits.',
  (s) => s.toLowerCase().replace(/[a-z0-9]+/g, (word) => word[0].toUpperCase() + word.slice(1)),
)

define('strlen(X)', {
  doc: 'Length in bytes; 0 for the empty string.',
  kind: 'element',
  call: ([x]) => mapText('strlen(X)', x, T.INT, byteLength),
})
define('strlenu(X)', {
  doc: 'Length in characters.',
  kind: 'element',
  call: ([x]) => mapText('strlenu(X)', x, T.INT, (s) => (isAscii(s) ? s.length : [...s].length)),
})
define('wc(X)', {
  doc: 'Number of words.',
  kind: 'element',
  call: ([x]) => mapText('wc(X)', x, T.INT, (s) => s.match(/\S+/g)?.length ?? 0),
})

define('substr(X, offset, [length])', {
  doc: 'The bytes from `offset` (0-based), at most `length` of them; an offset beyond the end gives "".',
  kind: 'element',
  call: ([x, offset, length]) => substring('substr(X, offset, [length])', x, offset, length, byteSlice),
})
define('substru(X, offset, [length])', {
  doc: 'The characters from `offset` (0-based), at most `length` of them.',
  kind: 'element',
  call: ([x, offset, length]) =>
    substring('substru(X, offset, [length])', x, offset, length, (s, from, to) =>
      isAscii(s) ? s.slice(from, to) : [...s].slice(from, to).join(''),
    ),
})

function substring(
  signature: string,
  x: Arg,
  offset: Arg,
  length: Arg,
  cut: (s: string, from: number, to: number) => string,
): Value {
  const from = integers(offset, signature, 'offset')
  const count = isGiven(length) ? integers(length, signature, 'length') : undefined
  const extra = commonLength(from, ...(count === undefined ? [] : [count]))
  const f = (s: string, k: number): string => {
    const start = from.at(k)
    if (start < 0) throw usageError(signature, 'offset must be a non-negative integer.')
    return cut(s, start, count === undefined ? s.length * 4 : start + Math.max(count.at(k), 0))
  }
  return mapText(signature, x, T.STRING, f, extra)
}

define('left(X, n)', {
  doc: 'The first n bytes; a shorter string whole.',
  kind: 'element',
  call: ([x, n]) => {
    const count = integers(n, 'left(X, n)', 'n')
    return mapText('left(X, n)', x, T.STRING, (s, k) => byteSlice(s, 0, Math.max(count.at(k), 0)), count.length)
  },
})
define('right(X, n)', {
  doc: 'The last n bytes; a shorter string whole.',
  kind: 'element',
  call: ([x, n]) => {
    const count = integers(n, 'right(X, n)', 'n')
    const tail = (s: string, k: number): string => {
      const length = byteLength(s)
      return byteSlice(s, Math.max(length - Math.max(count.at(k), 0), 0), length)
    }
    return mapText('right(X, n)', x, T.STRING, tail, count.length)
  },
})

for (const side of ['lpad', 'rpad'] as const) {
  const signature = `${side}(str, length, [pattern])`
  define(signature, {
    doc: `Filled at the ${side === 'lpad' ? 'start' : 'end'} with the repeated pattern (default blank) up to \`length\`; a longer string keeps its first \`length\` bytes.`,
    kind: 'element',
    call: ([x, length, pattern]) => {
      const width = integers(length, signature, 'length')
      const fill = textArg(pattern, signature, 'pattern', ' ')
      const pad = (s: string, k: number): string => {
        const size = byteLength(s)
        const target = width.at(k)
        if (size >= target) return byteSlice(s, 0, Math.max(target, 0))
        if (fill === '') return s
        const padding = byteSlice(fill.repeat(Math.ceil((target - size) / byteLength(fill))), 0, target - size)
        return side === 'lpad' ? padding + s : s + padding
      }
      return mapText(signature, x, T.STRING, pad, width.length)
    },
  })
}

define('repeat(X, n)', {
  doc: 'The text n times.',
  kind: 'element',
  call: ([x, n]) => {
    const count = integers(n, 'repeat(X, n)', 'n')
    const f = (s: string, k: number): string => {
      if (count.at(k) * s.length > 1 << 28)
        throw inputError('The result of repeat is too long.', { code: 'stringLength' })
      return s.repeat(Math.max(count.at(k), 0))
    }
    return mapText('repeat(X, n)', x, T.STRING, f, count.length)
  },
})

define('charAt(X, Y)', {
  doc: 'The byte at position Y as CHAR; null outside the string.',
  kind: 'element',
  call: ([x, y]) => {
    const index = integers(y, 'charAt(X, Y)', 'Y')
    const f = (s: string, k: number): number => {
      const i = index.at(k)
      const code = isAscii(s) ? s.charCodeAt(i) : (Buffer.from(s)[i] ?? Number.NaN)
      return Number.isNaN(code) ? NULL_I8 : (code << 24) >> 24
    }
    return mapText('charAt(X, Y)', x, T.CHAR, f, index.length)
  },
})

define('strReplace(str, pattern, replacement)', {
  doc: 'Every occurrence of the literal pattern replaced.',
  kind: 'element',
  call: ([x, pattern, replacement]) => {
    const signature = 'strReplace(str, pattern, replacement)'
    const from = texts(pattern, signature, 'pattern')
    const to = texts(replacement, signature, 'replacement')
    const f = (s: string, k: number): string => (from.at(k) === '' ? s : s.replaceAll(from.at(k), () => to.at(k)))
    return mapText(signature, x, T.STRING, f, commonLength(from, to))
  },
})

for (const name of ['startsWith', 'endsWith'] as const) {
  const signature = `${name}(X, str)`
  define(signature, {
    doc: `Whether X ${name === 'startsWith' ? 'starts' : 'ends'} with the text; false for a null string.`,
    kind: 'element',
    call: ([x, str]) => {
      const part = texts(str, signature, 'str')
      return mapText(signature, x, T.BOOL, (s, k) => (s !== '' && s[name](part.at(k)) ? 1 : 0), part.length)
    },
  })
}

define('strpos(X, str)', {
  doc: 'Byte position of the first occurrence, -1 if there is none.',
  kind: 'element',
  aliases: ['strFind'],
  call: ([x, str]) => {
    const part = texts(str, 'strpos(X, str)', 'str')
    return mapText('strpos(X, str)', x, T.INT, (s, k) => byteOffset(s, s.indexOf(part.at(k))), part.length)
  },
})

define('concat(X, [Y])', {
  doc: 'Two scalars: one text. A vector or pair X: its elements joined with separator Y (default none); an empty vector gives "". An array vector: each row.',
  call: ([x, y]) => {
    const separator = textArg(y, 'concat(X, [Y])', 'Y', '')
    if (x?.kind === 'vector') {
      if (x.storage !== 'array') return Scalar.string(vectorTexts(x).join(separator))
      return new StringVector(Array.from({ length: x.length }, (_, k) => vectorTexts(x.get(k)).join(separator)))
    }
    if (x?.kind === 'pair')
      return Scalar.string([x.first, x.second].map((part) => rawText(x.type, part, x.scale)).join(separator))
    return Scalar.string(textOf(required(x, 'concat(X, [Y])', 'X')) + separator)
  },
})

/** Bare texts of the elements of a vector. */
export function vectorTexts(v: Vector): string[] {
  if (v.storage === 'string') return v.strings.slice(0, v.length)
  return Array.from({ length: v.length }, (_, k) => textOf(v.get(k)))
}

function textOf(v: Value): string {
  if (v.kind !== 'scalar') throw usageError('concat(X, [Y])', 'X must be a string or a string vector.')
  return rawText(v.type, v.value, v.scale)
}

define('split(str, [delimiter])', {
  doc: 'The pieces between delimiters (which may be longer than a character), empty ones kept. Without a delimiter a CHAR vector. A vector gives a columnar tuple.',
  call: ([x, delimiter]) => {
    const signature = 'split(str, [delimiter])'
    if (!isGiven(delimiter)) return toChars(required(x, signature, 'str'), signature)
    const by = textArg(delimiter, signature, 'delimiter')
    const pieces = (text: string): StringVector => new StringVector(by === '' ? [text] : text.split(by))
    if (x?.kind === 'scalar') return pieces(textArg(x, signature, 'str'))
    if (x?.kind !== 'vector' || !isLiteral(x.type))
      throw usageError(signature, 'str must be a string or a string vector.')
    const rows = new AnyVector(vectorTexts(x).map(pieces))
    rows.columnar = true
    return rows
  },
})

define('toCharArray(X)', {
  doc: 'The characters of a string as a CHAR vector; a vector gives an array vector.',
  call: ([x]) => toChars(required(x, 'toCharArray(X)', 'X'), 'toCharArray(X)'),
})

function toChars(x: Value, signature: string): Value {
  if (x.kind === 'scalar') return charVector(textArg(x, signature, 'X'))
  if (x.kind !== 'vector' || !isLiteral(x.type)) throw usageError(signature, 'X must be a string or a string vector.')
  const all = vectorTexts(x)
  const offsets = new Int32Array(all.length + 1)
  for (let k = 0; k < all.length; k++) offsets[k + 1] = offsets[k] + byteLength(all[k])
  return new ArrayVector(offsets, charVector(all.join('')))
}

const charVector = (text: string): FixedVector => new FixedVector(T.CHAR, new Int8Array(Buffer.from(text)))
