/** Regular expressions and whole-string tests. Patterns are ECMAScript regular expressions. */
import { inputError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { AnyVector, StringVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, required, textArg } from './args.ts'
import { byteOffset, byteSlice, vectorTexts } from './strings.ts'
import { mapText } from './text-map.ts'

const { entries, define } = topicTable('Strings')
export const stringMatchBuiltins: readonly Builtin[] = entries

const compiled = new Map<string, RegExp>()
const MAX_COMPILED = 256

/** The compiled pattern, global so that matching can start at an offset. */
function regex(pattern: Arg, signature: string): RegExp {
  const text = textArg(pattern, signature, 'pattern')
  let found = compiled.get(text)
  if (found === undefined) {
    try {
      found = new RegExp(text, 'g')
    } catch (cause) {
      throw inputError(`Invalid regular expression [${text}]: ${(cause as Error).message}`, { code: 'regex', cause })
    }
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(text, found)
  }
  return found
}

/** The text from a byte offset on. */
const from = (text: string, offset: number): string => (offset > 0 ? byteSlice(text, offset, text.length * 4) : text)

define('regexFind(str, pattern, [offset=0])', {
  doc: 'Byte position of the first match at or after `offset`, -1 if none.',
  kind: 'element',
  call: ([x, pattern, offset]) => {
    const signature = 'regexFind(str, pattern, [offset=0])'
    const re = regex(pattern, signature)
    const start = intArg(offset, signature, 'offset', 0)
    return mapText(signature, x, T.INT, (s) => {
      const rest = from(s, start)
      const index = rest.search(re)
      return index < 0 ? -1 : byteOffset(rest, index) + start
    })
  },
})

define('regexReplace(str, pattern, replacement, [offset=0])', {
  doc: 'Every match at or after `offset` replaced; `$1` in the replacement is the first group.',
  kind: 'element',
  call: ([x, pattern, replacement, offset]) => {
    const signature = 'regexReplace(str, pattern, replacement, [offset=0])'
    const re = regex(pattern, signature)
    const to = textArg(replacement, signature, 'replacement')
    const start = intArg(offset, signature, 'offset', 0)
    return mapText(signature, x, T.STRING, (s) => byteSlice(s, 0, start) + from(s, start).replace(re, to))
  },
})

define('regexCount(str, pattern, [offset=0])', {
  doc: 'Number of matches that do not overlap.',
  kind: 'element',
  call: ([x, pattern, offset]) => {
    const signature = 'regexCount(str, pattern, [offset=0])'
    const re = regex(pattern, signature)
    const start = intArg(offset, signature, 'offset', 0)
    return mapText(signature, x, T.INT, (s) => from(s, start).match(re)?.length ?? 0)
  },
})

define('regexFindStr(str, pattern, [onlyFirst=true], [offset=0])', {
  doc: 'The first matching text, "" if none; with onlyFirst=false all of them as a vector (a tuple of vectors for a vector).',
  kind: 'element',
  call: ([x, pattern, onlyFirst, offset]) => {
    const signature = 'regexFindStr(str, pattern, [onlyFirst=true], [offset=0])'
    const re = regex(pattern, signature)
    const start = intArg(offset, signature, 'offset', 0)
    // A pattern that matches nothing at all finds nothing there.
    const matches = (s: string): string[] => (from(s, start).match(re) ?? []).filter((found) => found !== '')
    if (boolArg(onlyFirst, signature, 'onlyFirst', true))
      return mapText(signature, x, T.STRING, (s) => matches(s)[0] ?? '')
    const str = required(x, signature, 'str')
    if (str.kind === 'vector') return new AnyVector(vectorTexts(str).map((s) => new StringVector(matches(s))))
    return new StringVector(matches(textArg(str, signature, 'str')))
  },
})

/** Whole-string tests; the empty string passes none. */
const TESTS: readonly (readonly [
  name: string,
  doc: string,
  test: RegExp | ((s: string) => boolean),
  aliases?: string[],
])[] = [
  ['isAlpha', 'All letters.', /^\p{L}+$/u],
  ['isDigit', 'All digits.', /^[0-9]+$/, ['isNumeric']],
  ['isAlNum', 'All letters or digits.', /^[\p{L}0-9]+$/u],
  ['isSpace', 'All white space.', /^\s+$/],
  ['isUpper', 'All letters upper case, at least one.', (s) => s !== s.toLowerCase() && s === s.toUpperCase()],
  ['isLower', 'All letters lower case, at least one.', (s) => s !== s.toUpperCase() && s === s.toLowerCase()],
  ['isTitle', 'Each word starts with a capital and goes on in lower case.', /^[^\p{L}]*(\p{Lu}\p{Ll}*[^\p{L}]*)+$/u],
]
for (const [name, doc, test, aliases] of TESTS) {
  const signature = `${name}(X)`
  const passes = test instanceof RegExp ? (s: string) => test.test(s) : test
  define(signature, {
    doc,
    kind: 'element',
    aliases,
    call: ([x]): Value => mapText(signature, x, T.BOOL, (s) => (passes(s) ? 1 : 0)),
  })
}
