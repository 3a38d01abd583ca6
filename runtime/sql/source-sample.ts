/** `sample(partitionCol, size)` in a where clause: random partitions of one level, the condition itself holds for every row. */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { Scalar, type SourcePartition } from '../values/index.ts'
import { callShape, columnName, isCallOf } from './expressions.ts'
import type { SourceRef } from './from.ts'

export interface Sample {
  /** Level of the partition path that the column chooses, outermost 0. */
  readonly level: number
  /** A number of partitions of that level, or (below 1) a share of them. */
  readonly size: number
}

const USAGE = 'sample(partitionCol, size)'

/** The statement with its sample conditions replaced by true. */
export function takeSamples(
  node: SelectStatement,
  ref: SourceRef,
  scope: SqlScope,
): { readonly node: SelectStatement; readonly samples: readonly Sample[] } {
  const samples: Sample[] = []
  const where = node.where.map((e): Expr => {
    if (!isCallOf(e, 'sample')) return e
    samples.push(sampleOf(e, ref, scope))
    return { kind: 'literal', type: 'BOOL', value: true, span: e.span }
  })
  return samples.length === 0 ? { node, samples } : { node: { ...node, where }, samples }
}

function sampleOf(e: Expr, ref: SourceRef, scope: SqlScope): Sample {
  const [columnArg, sizeArg] = callShape(e)!.args.map((a) => a.value)
  const column = columnArg == null ? undefined : columnName(columnArg)
  const names = ref.source.partitionColumns().map((c) => c.toLowerCase())
  const level = column === undefined ? -1 : names.indexOf(column.name.toLowerCase())
  const size = sizeArg == null ? undefined : scope.evaluate(sizeArg)
  const n = size instanceof Scalar && !size.isNull() ? Number(size.value) : Number.NaN
  if (level < 0) throw inputError(`Usage: ${USAGE}. partitionCol must be a partitioning column.`, { code: 'usage' })
  if (!(n > 0) || (n >= 1 && !Number.isInteger(n)))
    throw inputError(`Usage: ${USAGE}. size must be a positive integer, or a number between 0 and 1.`, {
      code: 'usage',
    })
  return { level, size: n }
}

/** The partitions that the samples leave: int(N * size) of the N partitions of the level, or size of them. */
export function sampled(
  partitions: readonly SourcePartition[],
  samples: readonly Sample[],
): readonly SourcePartition[] {
  let kept = partitions
  for (const { level, size } of samples) {
    const keyOf = (p: SourcePartition): string => p.path.split('/').filter((s) => s !== '')[level] ?? p.path
    const keys = [...new Set(kept.map(keyOf))]
    const count = Math.min(keys.length, size < 1 ? Math.floor(keys.length * size) : size)
    // The first `count` of a shuffle (Fisher and Yates).
    for (let k = 0; k < count; k++) {
      const j = k + Math.floor(Math.random() * (keys.length - k))
      ;[keys[k], keys[j]] = [keys[j], keys[k]]
    }
    const chosen = new Set(keys.slice(0, count))
    kept = kept.filter((p) => chosen.has(keyOf(p)))
  }
  return kept
}
