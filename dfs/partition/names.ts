/**
 * Names of partition directories, in the documented forms:
 *
 *   VALUE  7  20170807  200001M  IBM (without `:` and `.`)     RANGE  0_50  20170801_20170901
 *   LIST   List0                                               HASH   Key0                      SEQ  Part0
 *
 * Two strings that differ only in `:` and `.` share a directory, so a name does not tell a value.
 */
import { inputError } from '../../runtime/errors.ts'
import { rawText } from '../../runtime/print/index.ts'
import { isIntegral, isLiteral, type Raw, T, type TypeId } from '../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'

/** The name of one partition value. */
export function valueName(type: TypeId, raw: Raw): string {
  if (isIntegral(type)) return String(raw)
  if (isLiteral(type)) return textName(raw as string)
  const text = rawText(type, raw).replace(/[.:]/g, '')
  return type === T.DATEHOUR ? text.replace('T', '') : text
}

const percent = (c: string): string => `%${c.charCodeAt(0).toString(16).toUpperCase()}`

function textName(text: string): string {
  const name = text.replace(/[.:]/g, '').replace(/[/\\]/g, percent)
  // Only dots and colons: they stay, in a form that no file system takes for a folder above.
  return name === '' ? text.replace(/[.:]/g, percent) : name
}

const namesOf = new WeakMap<Scheme, readonly string[]>()

/** Directory name of each partition of a scheme, by partition number. */
export function partitionNames(scheme: Scheme): readonly string[] {
  let names = namesOf.get(scheme)
  if (names === undefined) {
    names = makeNames(scheme)
    namesOf.set(scheme, names)
  }
  return names
}

function makeNames(scheme: Scheme): string[] {
  const numbered = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, k) => `${prefix}${k}`)
  switch (scheme.kind) {
    case 'VALUE':
      return scheme.values.map((v) => valueName(scheme.type, v))
    case 'RANGE': {
      const bounds = scheme.bounds.map((v) => valueName(scheme.type, v))
      return bounds.slice(1).map((high, k) => `${bounds[k]}_${high}`)
    }
    case 'LIST':
      return numbered('List', scheme.groups.length)
    case 'HASH':
      return numbered('Key', scheme.buckets)
    case 'SEQ':
      return numbered('Part', scheme.blocks)
  }
}

const numbersOf = new WeakMap<Scheme, ReadonlyMap<string, number>>()

/** Partition number of each directory name: the first one where several share it. */
export function partitionNumbers(scheme: Scheme): ReadonlyMap<string, number> {
  let numbers = numbersOf.get(scheme)
  if (numbers === undefined) {
    const made = new Map<string, number>()
    partitionNames(scheme).forEach((name, k) => {
      if (!made.has(name)) made.set(name, k)
    })
    numbers = made
    numbersOf.set(scheme, numbers)
  }
  return numbers
}

/** The names in a partition path, one a level: `/20170807/0_50` -> `20170807`, `0_50`. All levels must be there. */
export function parsePath(db: DatabaseRecord, path: string): string[] {
  const names = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  if (names.length !== db.schemes.length || names.some((n) => n === '' || n === '.' || n === '..'))
    throw inputError(
      `The partition path [${path}] must name each of the ${db.schemes.length} level(s) of ${db.url}, such as [/${db.schemes
        .map((s) => partitionNames(s)[0])
        .join('/')}].`,
      { code: 'partitionPath', where: { db: db.url } },
    )
  return names
}
