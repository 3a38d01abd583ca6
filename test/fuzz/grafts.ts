/**
 * Content that no encoder writes: lists nested deeper than any stack, and declared lengths without content. A value holds a mark where one is to be, and the
 * encoded file gets it in the mark's place.
 */
const DEEP = 'graft-deep-nest!'
const HUGE = 'graft-huge-list!'
const HUGE_MAP = 'graft-huge-maps!'
const HUGE_TEXT = 'graft-huge-text!'
const NESTED_HUGE = 'graft-huge-nest!'
const BAD_EXTENSION = 'graft-extension!'
const CYCLE = 'graft-cyclic-id!'

export const MARKS: readonly string[] = [DEEP, HUGE, HUGE_MAP, HUGE_TEXT, NESTED_HUGE, BAD_EXTENSION, CYCLE]

const DEPTH = 60_000

const repeated = (pattern: readonly number[], times: number, last: readonly number[]): Buffer =>
  Buffer.concat([Buffer.alloc(pattern.length * times, Buffer.from(pattern)), Buffer.from(last)])

/** By mark, its MessagePack. */
const BYTES: ReadonlyMap<string, Buffer> = new Map([
  [DEEP, repeated([0x91], DEPTH, [0xc0])],
  [HUGE, Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
  [HUGE_MAP, Buffer.from([0xdf, 0x7f, 0xff, 0xff, 0xff])],
  [HUGE_TEXT, Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xfe])],
  [NESTED_HUGE, repeated([0xdd, 0x01, 0x00, 0x00, 0x00], 500, [0xc0])],
  // A record definition of msgpackr's own, a regular expression, an error, a set, a bundle.
  [
    BAD_EXTENSION,
    Buffer.from([
      0x95, 0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01, 0xc7, 0x01, 0x78, 0x00, 0x92, 0xa2, 0x28, 0x28, 0xa0, 0xd4, 0x73,
      0x00, 0x90, 0xc0, 0xc1,
    ]),
  ],
  // A list that holds itself.
  [CYCLE, Buffer.from([0xd6, 0x69, 0, 0, 0, 1, 0x93, 0xd6, 0x70, 0, 0, 0, 1, 0x01, 0x02])],
])

const TEXTS: ReadonlyMap<string, string> = new Map([
  [DEEP, `${'['.repeat(DEPTH)}1${']'.repeat(DEPTH)}`],
  [HUGE, `[${'0,'.repeat(50_000)}0]`],
  [HUGE_MAP, `{"__proto__":{"length":1},"constructor":1,"toString":null}`],
  [HUGE_TEXT, `"${'x'.repeat(300_000)}"`],
  [NESTED_HUGE, '1e400'],
  [BAD_EXTENSION, '9007199254740993'],
  [CYCLE, `"${'\\ud800'.repeat(100)}"`],
])

export const graft = {
  text(json: string): string {
    let text = json
    for (const [mark, replacement] of TEXTS) text = text.replaceAll(`"${mark}"`, replacement)
    return text
  },
  bytes(packed: Buffer): Buffer {
    let bytes = packed
    for (const [mark, replacement] of BYTES)
      for (let at = bytes.indexOf(mark); at > 0; at = bytes.indexOf(mark))
        bytes = Buffer.concat([bytes.subarray(0, at - 1), replacement, bytes.subarray(at + mark.length)])
    return bytes
  },
}
