/** The arguments of roll: what moves, by how much, and which windows a statement lists. */
import type { Argument, CallExpr } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import {
  isIntegral,
  isNumeric,
  isTemporal,
  Scalar,
  T,
  typeName,
  unpackDuration,
  type Value,
  type Vector,
} from '../values/index.ts'
import { compileItem } from './evaluate.ts'
import type { Relation } from './relation.ts'

export const ROLL =
  "roll(X, step, [stepType='time'], [fill='none'], [closed='left'], [origin='start_day'], [exclude], [label])"
const NAMES = ['X', 'step', 'stepType', 'fill', 'closed', 'origin', 'exclude', 'label']

export const rollError = (problem: string): HoldfastError => inputError(`Usage: ${ROLL}. ${problem}`, { code: 'usage' })

export type StepType = 'time' | 'row' | 'volume' | 'cumvol' | 'window'

export interface RollPlan {
  /** One element a row. */
  readonly x: Vector
  readonly type: StepType
  /** Rows or volume; the count of the duration for time. */
  readonly step: number
  /** Unit of a duration. */
  readonly unit: string
  readonly fill: 'none' | 'null' | 'prev'
  readonly closedRight: boolean
  readonly origin: 'start_day' | 'start' | 'epoch'
  /** Times of day without windows, in the types that they were given in. */
  readonly exclude: readonly (readonly [Scalar, Scalar])[]
  /** Listed windows: their bounds in the type of X, and their names. */
  readonly starts: Vector | undefined
  readonly ends: Vector | undefined
  readonly label: Vector | undefined
}

export function rollArguments(call: CallExpr, rows: Relation, scope: SqlScope): RollPlan {
  const argument = (k: number): Argument | undefined =>
    call.args.find((a) => a.name === NAMES[k]) ?? (call.args[k]?.name === null ? call.args[k] : undefined)
  const value = (k: number): Value | undefined => {
    const e = argument(k)?.value
    const v = e == null ? undefined : scope.evaluate(e)
    return v?.kind === 'scalar' && v.isNull() ? undefined : v
  }
  const xExpr = argument(0)?.value
  if (xExpr == null) throw rollError('X is required.')
  const x = compileItem(xExpr, rows.resolver, scope, () => rows.rows)()
  if (x.kind !== 'vector' || x.length !== rows.rows) throw rollError('X must be a column.')
  const type = oneOf(value(2), 'stepType', ['time', 'row', 'volume', 'cumvol', 'window'] as const)
  const step = value(1)
  checkType(x, type)
  const plan = {
    x,
    type,
    fill: oneOf(value(3), 'fill', ['none', 'null', 'prev'] as const),
    closedRight: oneOf(value(4), 'closed', ['left', 'right'] as const) === 'right',
    origin: oneOf(value(5), 'origin', ['start_day', 'start', 'epoch'] as const),
    exclude: excluded(value(6)),
    starts: undefined,
    ends: undefined,
    label: undefined,
  }
  if (type === 'window') return { ...plan, step: 0, unit: '', ...listed(step, value(7), x) }
  if (!(step instanceof Scalar)) throw rollError('step must be a scalar.')
  if (type === 'time') {
    if (step.type !== T.DURATION) throw rollError("step must be a DURATION where stepType is 'time'.")
    const { count, unit } = unpackDuration(step.value as bigint)
    if (count <= 0) throw rollError('step must be positive.')
    return { ...plan, step: count, unit }
  }
  const size = isNumeric(step.type) ? Number(step.value) : Number.NaN
  if (!(size > 0) || (type === 'row' && !Number.isInteger(size)))
    throw rollError(`step must be a positive ${type === 'row' ? 'integer' : 'number'}.`)
  return { ...plan, step: size, unit: '' }
}

function oneOf<const K extends string>(v: Value | undefined, name: string, all: readonly K[]): K {
  if (v === undefined) return all[0]
  const found = v instanceof Scalar ? all.find((k) => k === v.value) : undefined
  if (found === undefined) throw rollError(`${name} must be ${all.map((k) => `'${k}'`).join(', ')}.`)
  return found
}

function checkType(x: Vector, type: StepType): void {
  const ok =
    type === 'time'
      ? [T.DATETIME, T.TIMESTAMP, T.NANOTIME, T.NANOTIMESTAMP].includes(x.type as never)
      : type === 'window'
        ? isTemporal(x.type) || isIntegral(x.type)
        : type === 'row' || isNumeric(x.type)
  if (!ok) throw rollError(`X can't be of type ${typeName(x.type)} where stepType is '${type}'.`)
}

function excluded(v: Value | undefined): (readonly [Scalar, Scalar])[] {
  if (v === undefined) return []
  const list = v.kind === 'vector' && v.storage === 'any' ? v.values : [v]
  return list.map((p) => {
    if (p.kind !== 'pair' || ![T.TIME, T.NANOTIME, T.MINUTE, T.SECOND].includes(p.type as never))
      throw rollError('exclude must hold pairs of times of day.')
    return [new Scalar(p.type, p.first), new Scalar(p.type, p.second)] as const
  })
}

function listed(
  step: Value | undefined,
  label: Value | undefined,
  x: Vector,
): Pick<RollPlan, 'starts' | 'ends' | 'label'> {
  const parts = step?.kind === 'vector' && step.storage === 'any' ? step.values : []
  const [starts, ends] = parts
  if (parts.length !== 2 || starts.kind !== 'vector' || ends.kind !== 'vector' || starts.length !== ends.length)
    throw rollError("step must be a tuple of the starts and the ends of the windows where stepType is 'window'.")
  if (starts.type !== x.type || ends.type !== x.type) throw rollError('The windows must be of the type of X.')
  for (let k = 0; k < starts.length; k++)
    if (!(BigInt(starts.raw(k) as number | bigint) < BigInt(ends.raw(k) as number | bigint)))
      throw rollError('A window must end after its start.')
  if (label === undefined) return { starts, ends, label: undefined }
  if (label.kind !== 'vector' || label.length !== starts.length) throw rollError('label must name each window.')
  return { starts, ends, label }
}
