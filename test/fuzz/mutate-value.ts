/** Values changed with regard to their structure: every field of every record can become another of its kind, of another kind, or go. */
import type { Random } from '../simulation/random.ts'
import { MARKS } from './grafts.ts'

const NUMBERS: readonly unknown[] = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  7,
  255,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  -1e300,
  1e300,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  5n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 200n,
]

const TEXTS: readonly string[] = [
  '',
  '.',
  '..',
  '/',
  '//',
  '../..',
  '../../../../etc/passwd',
  '/etc/passwd',
  '%2e%2e',
  '%2E%2E%2F',
  '..%2f',
  'a/../../b',
  'a\0b',
  '\0',
  '\n',
  '\x1b[2J',
  'C:',
  'C:\\x',
  'a\\..\\..\\b',
  '~',
  '$HOME',
  '-rf',
  'PT',
  'pt',
  'domain',
  'con',
  'aux',
  '.lock',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(5000),
  '\u00e9'.repeat(200),
  '\ud800',
  '\u202egnp.exe',
  '__proto__',
  'constructor',
  'toString',
  'dfs://',
  'dfs://..',
  'dfs://../x',
  'dfs://ol',
  'dfs://a/b',
  'dfs:///x',
  'dfs://x//y',
  '0000000000000000',
  'ffffffffffffffff',
  'INT',
  '0/0',
  '0/FFFFFFFF',
  'FFFFFFFF/FFFFFFFF',
  '1970-01-01T00:00:00.000Z',
  'backup_manifest.json',
  'backup.lock',
  'chunks',
  'wal',
]

type Place = {
  readonly parent: Record<string, unknown> | unknown[]
  readonly key: string | number
  readonly path: string
}

function places(value: unknown, path = '', found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return found
  for (const [key, item] of Object.entries(value)) {
    const here = `${path}.${key}`
    found.push({ parent: value as Record<string, unknown>, key, path: here })
    places(item, here, found)
  }
  return found
}

const otherValue = (random: Random): unknown =>
  random.weighted({ number: 4, text: 4, plain: 3, graft: 2 }) === 'graft'
    ? random.pick(MARKS)
    : random.pick<() => unknown>([
        () => random.pick(NUMBERS),
        () => random.pick(TEXTS),
        () => random.pick<unknown>([null, true, false, [], {}, [[]], [null], new Uint8Array(3), undefined, { a: 1 }]),
      ])()

/** A value of the same kind, only other. */
function alike(value: unknown, random: Random): unknown {
  if (typeof value === 'number')
    return random.chance(0.5)
      ? random.pick(NUMBERS.filter((n) => typeof n === 'number'))
      : value + random.between(-2, 2)
  if (typeof value === 'bigint') return random.pick([value + 1n, -value, 0n, 2n ** 64n])
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return random.chance(0.7) ? random.pick(TEXTS) : value.slice(0, -1)
  return otherValue(random)
}

/** Changes the value in place; answers the value, which may be another one, and what was done. */
export function mutateValue(value: unknown, random: Random): readonly [value: unknown, what: string] {
  const all = places(value)
  if (all.length === 0) return [otherValue(random), 'all of it']
  const place = random.pick(all)
  const { parent, key, path } = place
  const own = (parent as Record<string, unknown>)[key]
  const set = (v: unknown): void => {
    ;(parent as Record<string, unknown>)[key] = v
  }
  const way = random.weighted({ alike: 8, other: 6, drop: 3, twice: 3, exchange: 4, add: 1, root: 0.1 })
  switch (way) {
    case 'alike':
      set(alike(own, random))
      return [value, `${path} alike: ${shown((parent as Record<string, unknown>)[key])}`]
    case 'other':
      set(otherValue(random))
      return [value, `${path} becomes ${shown((parent as Record<string, unknown>)[key])}`]
    case 'drop':
      if (Array.isArray(parent)) parent.splice(Number(key), 1)
      else delete (parent as Record<string, unknown>)[key]
      return [value, `${path} goes`]
    case 'twice':
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(own))
      else (parent as Record<string, unknown>)[`${String(key)}2`] = own
      return [value, `${path} twice`]
    case 'exchange': {
      const other = random.pick(all)
      const theirs = (other.parent as Record<string, unknown>)[other.key]
      if (contains(own, other.parent) || contains(theirs, parent)) return [value, 'nothing']
      ;(other.parent as Record<string, unknown>)[other.key] = own
      set(theirs)
      return [value, `${path} and ${other.path} exchanged`]
    }
    case 'add':
      if (Array.isArray(parent)) parent.push(otherValue(random))
      else (parent as Record<string, unknown>)[random.pick(TEXTS)] = otherValue(random)
      return [value, `something added beside ${path}`]
    case 'root':
      return [otherValue(random), 'all of it']
  }
}

const contains = (value: unknown, wanted: unknown): boolean =>
  value === wanted || places(value).some((p) => (p.parent as Record<string, unknown>)[p.key] === wanted)

const shown = (value: unknown): string =>
  (typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value))).slice(0, 60)
