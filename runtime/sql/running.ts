/**
 * Aggregates of scripts in cumulative groups. A `mapr` says how: its map functions make one value of each group, functions like cumsum run over these values
 * (`copy` leaves them), and the running function makes the results of all groups of them at once.
 *
 *   mapr geoMean(x){ logAvg(x), count(x) -> geoMeanReduce; copy, copy -> geoMeanRunning }
 */
import type { Expr, MaprStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { type ServiceKey, serviceKey } from '../session.ts'
import { type FunctionValue, formName, type Value, type Vector } from '../values/index.ts'
import { asColumn, stack } from './columns.ts'
import { assembleScalars } from './evaluate.ts'
import type { Frames } from './frame-folds.ts'
import { view } from './groups.ts'

/** The mapr statements of a session, by the name of their function. */
export const maprService: ServiceKey<ReadonlyMap<string, MaprStatement>> = serviceKey('mapr statements')

/** The statement that tells how a function of the script runs over cumulative groups; undefined for any other function. */
export function runningForm(fn: FunctionValue, scope: SqlScope): MaprStatement | undefined {
  if (fn.variant !== 'user' || !scope.session.hasService(maprService)) return undefined
  const mapr = scope.session.service(maprService).get(fn.name)
  return mapr?.running === null ? undefined : mapr
}

/**
 * One value a frame. Frames with one start belong together and grow by a group each; arguments are as long as the rows that the frames count, or scalars.
 */
export function runningCall(
  mapr: MaprStatement,
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
  scope: SqlScope,
): Vector {
  const mapped = mappedGroups(mapr, args, rows, frames, scope)
  const { map, reduce } = mapr.running!
  if (map.length !== mapped.length)
    throw inputError(
      `The mapr of ${mapr.name} maps ${mapped.length} values, but has ${map.length} functions for their running form.`,
      { code: 'mapr' },
    )
  const cumulate = map.map((e) => functionOf(e, mapr, scope))
  const finish = reduce === null ? undefined : functionOf(reduce, mapr, scope)
  const pieces: Vector[] = []
  for (let from = 0; from < frames.from.length; ) {
    let to = from + 1
    while (to < frames.from.length && frames.from[to] === frames.from[from]) to++
    const states = mapped.map((v, k) => scope.session.call(cumulate[k], [view(v, from, to)]))
    const result = asColumn(finish === undefined ? states[0] : scope.session.call(finish, states), to - from)
    if (result === undefined)
      throw inputError(`The running function of the mapr of ${mapr.name} must return one value for each group.`, {
        code: 'mapr',
      })
    pieces.push(result)
    from = to
  }
  return pieces.length === 0 ? assembleScalars([]) : stack(pieces)
}

/** One vector for each map function, one element for each group. */
function mappedGroups(
  mapr: MaprStatement,
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
  scope: SqlScope,
): Vector[] {
  const current = args.slice()
  const getters = mapr.distributed.map.map((e) =>
    scope.compileInScope(e, (name, qualifier) => {
      const k = qualifier === undefined ? mapr.params.findIndex((p) => p.name === name) : -1
      return k < 0 || args[k] === undefined ? undefined : () => current[k] as Value
    }),
  )
  const values: Value[][] = getters.map(() => [])
  for (let g = 0; g < frames.from.length; g++) {
    const from = g > 0 && frames.from[g] === frames.from[g - 1] ? frames.to[g - 1] : frames.from[g]
    for (let k = 0; k < args.length; k++) {
      const v = args[k]
      if (v?.kind === 'vector' && v.length === rows) current[k] = view(v, from, frames.to[g])
    }
    getters.forEach((get, m) => {
      values[m].push(get())
    })
  }
  return values.map(assembleScalars)
}

function functionOf(e: Expr, mapr: MaprStatement, scope: SqlScope): FunctionValue {
  const value = scope.evaluate(e)
  if (value.kind === 'function') return value
  throw inputError(`The mapr of ${mapr.name} needs functions for its running form, not a ${formName(value)}.`, {
    code: 'mapr',
  })
}
