/**
 * Conversions between text encodings. Strings hold characters, not bytes, so that text stays what it is; what a conversion can change are characters
 * that the target does not have. Which those are is found by decoding every code of the target once, with the first conversion to it.
 */
import { usageError } from '../errors.ts'
import { topicTable } from '../registry.ts'
import type { Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { type Arg, textArg } from './args.ts'
import { mapText } from './text-map.ts'

const { entries, define } = topicTable('Strings')
export const stringEncodeBuiltins = entries

const UNICODE = new Set(['utf-8', 'utf8', 'gb18030', 'utf-16le', 'utf-16'])

/** The encoding's own name; an error for one that is not known. */
function encodingArg(v: Arg, usage: string, name: string): string {
  const text = textArg(v, usage, name).toLowerCase()
  try {
    new TextDecoder(text)
  } catch {
    throw usageError(usage, `${name} ${text} is not a known encoding (utf-8, gbk, gb18030, big5, ...).`)
  }
  return text
}

const repertoires = new Map<string, ReadonlySet<number>>()

/** Characters that the encoding has, beyond ASCII. */
function repertoireOf(encoding: string): ReadonlySet<number> {
  let found = repertoires.get(encoding)
  if (found === undefined) {
    const all = new Set<number>()
    const decoder = new TextDecoder(encoding)
    const add = (bytes: readonly number[]): void => {
      const characters = [...decoder.decode(Uint8Array.from(bytes))]
      if (characters.length === 1 && characters[0] !== '\ufffd') all.add(characters[0].codePointAt(0)!)
    }
    for (let a = 0x80; a < 0x100; a++) {
      add([a])
      for (let b = 0x21; b < 0x100; b++) add([a, b])
    }
    found = all
    repertoires.set(encoding, found)
  }
  return found
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII as a whole.
const ASCII = /^[\x00-\x7f]*$/

function convert(usage: string, x: Arg, from: string, to: string): Value {
  if (UNICODE.has(to) || from === to) return mapText(usage, x, T.STRING, (s) => s)
  return mapText(usage, x, T.STRING, (s) => {
    if (ASCII.test(s)) return s
    const known = repertoireOf(to)
    return Array.from(s, (c) => (c < '\x80' || known.has(c.codePointAt(0)!) ? c : '?')).join('')
  })
}

const LIMITS =
  'Strings hold characters, so that text in both encodings comes back as it is; a character that the target encoding does not have becomes ?. Vectors, dictionaries and the text columns of tables likewise. Names are those of the WHATWG encodings: utf-8, gbk, gb18030, big5, shift_jis, iso-8859-1 and others.'

const usageConvert = 'convertEncode(str, srcEncode, destEncode)'
define(usageConvert, {
  kind: 'element',
  doc: `Text from one encoding to another. ${LIMITS}`,
  call: ([x, from, to]) =>
    convert(usageConvert, x, encodingArg(from, usageConvert, 'srcEncode'), encodingArg(to, usageConvert, 'destEncode')),
})
define('toUTF8(str, encode)', {
  kind: 'element',
  doc: `Text in an encoding to UTF-8. ${LIMITS}`,
  call: ([x, from]) => convert('toUTF8(str, encode)', x, encodingArg(from, 'toUTF8(str, encode)', 'encode'), 'utf-8'),
})
define('fromUTF8(str, encode)', {
  kind: 'element',
  doc: `UTF-8 text to an encoding. ${LIMITS}`,
  call: ([x, to]) => convert('fromUTF8(str, encode)', x, 'utf-8', encodingArg(to, 'fromUTF8(str, encode)', 'encode')),
})
