/** Script values that name partitions: the conditions of dropPartition and backup, the keys of `partition(col, keys)`. */
import { inputError } from '../../runtime/errors.ts'
import { hashBucketOf } from '../../runtime/kernels/murmur.ts'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import { isIntegral, isLiteral, isTemporal, type Scalar, typeName, type Value } from '../../runtime/values/index.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'
import { finder } from './levels.ts'
import { partitionNames } from './names.ts'
import { convertsTo } from './scheme.ts'

/**
 * Number of the partition that a value means: the one of the value (VALUE), the one that contains it (RANGE, LIST), for HASH the bucket of that number or
 * the bucket of a text. Undefined if there is none; a value of another data type is an error.
 */
export function partitionNumber(scheme: Scheme, value: Value): number | undefined {
  if (value.kind !== 'scalar' || value.isNull()) throw mismatch(scheme, value)
  if (scheme.kind === 'HASH' || scheme.kind === 'SEQ') {
    const count = scheme.kind === 'HASH' ? scheme.buckets : scheme.blocks
    const number = isIntegral(value.type) ? Number(value.value) : bucketOf(scheme, value)
    return number >= 0 && number < count ? number : undefined
  }
  if (!convertsTo(value.type, scheme.type)) throw mismatch(scheme, value)
  const raw = isTemporal(scheme.type)
    ? castTemporalRaw(value.value, value.type, scheme.type)
    : typeof value.value === 'bigint'
      ? Number(value.value)
      : value.value
  const number = finder(scheme)(raw)
  return number < 0 ? undefined : number
}

function bucketOf(scheme: Scheme, value: Scalar): number {
  if (scheme.kind !== 'HASH' || !convertsTo(value.type, scheme.type)) throw mismatch(scheme, value)
  if (isTemporal(scheme.type))
    return hashBucketOf(scheme.type, castTemporalRaw(value.value, value.type, scheme.type), scheme.buckets)
  return hashBucketOf(value.type, value.value, scheme.buckets)
}

const mismatch = (scheme: Scheme, value: Value): Error =>
  inputError(
    `The data type of the partition condition (${value.kind === 'scalar' ? typeName(value.type) : value.kind}) does not match that of the ${scheme.kind} partition scheme (${typeName(scheme.type)}).`,
    { refId: 'S01058' },
  )

/** The directory name at a level that a script value means, undefined if the scheme has no such partition. */
export function partitionName(db: DatabaseRecord, level: number, value: Value): string | undefined {
  const scheme = db.schemes[level]
  const number = partitionNumber(scheme, value)
  return number === undefined ? undefined : partitionNames(scheme)[number]
}

/**
 * The partitions that a condition selects: a scalar or vector of values of the first level, or a tuple with one entry per level, where an empty entry
 * selects all. What decides is the form of the value, not its length: `[1, 50]` is a vector, because the language makes one of equal types, and so two
 * values of the first level in a COMPO database too; a value of each level is `(1, 50)` or `[[1], [50]]`.
 */
export function pathsByCondition(db: DatabaseRecord, condition: Value): (path: string) => boolean {
  const perLevel =
    db.schemes.length > 1 && condition.kind === 'vector' && condition.storage === 'any' ? condition.values : [condition]
  if (perLevel.length > 1 && perLevel.length !== db.schemes.length)
    throw inputError(
      `A tuple of conditions needs one entry for each of the ${db.schemes.length} levels of ${db.url}.`,
      {
        code: 'partitionCondition',
      },
    )
  const wanted = perLevel.map((values, level) => namesAt(db, level, values))
  return (path) => {
    const names = path.slice(1).split('/')
    return wanted.every((set, level) => set === undefined || set.has(names[level]))
  }
}

function namesAt(db: DatabaseRecord, level: number, values: Value): ReadonlySet<string> | undefined {
  const elements = values.kind === 'vector' ? Array.from({ length: values.length }, (_, k) => values.get(k)) : [values]
  if (elements.length === 0 || (values.kind === 'scalar' && values.isNull())) return undefined
  return new Set(elements.map((v) => partitionName(db, level, v)).filter((n) => n !== undefined))
}

/** Whether a value is a path or a list of paths (`/20170807/0_50`), and not a condition. */
export function pathList(value: Value): readonly string[] | undefined {
  const elements = value.kind === 'vector' ? Array.from({ length: value.length }, (_, k) => value.get(k)) : [value]
  const texts = elements.map((v) => (v.kind === 'scalar' && isLiteral(v.type) ? (v.value as string) : ''))
  return texts.length > 0 && texts.every((t) => t.startsWith('/')) ? texts : undefined
}
