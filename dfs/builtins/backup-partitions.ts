/**
 * The `partition` argument of `backup`: paths that begin with `/` and name every level, or conditions on the levels' values. A condition selects among the partitions that have
 * data: `2017.08.09` or a vector of dates for one level; `[2017.08.07, 0]`, `[2017.08.07, [0, 1]]`, `[, [0]]` for COMPO, an empty entry for no condition.
 */
import { usageError } from '../../runtime/errors.ts'
import type { Session } from '../../runtime/session.ts'
import { isLiteral, Scalar, type Value } from '../../runtime/values/index.ts'
import type { PartitionChoice } from '../backup/select.ts'
import { requireDatabase } from '../backup/select.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import { type BackupHost, isMissing, loggedInHost } from './backup-host.ts'

export function partitionChoice(session: Session, url: string, partition: Value, signature: string): PartitionChoice {
  const paths = pathsOf(partition)
  if (paths !== undefined) return { kind: 'paths', paths }
  const host = loggedInHost(session, 'backup')
  const database = requireDatabase(host.context().view(), url)
  const levels = conditionsOf(partition, database, signature).map((values, level) =>
    values === undefined ? undefined : namesOf(host, database, level, values),
  )
  return {
    kind: 'condition',
    matches: (path, table) => {
      if (table.partitionColumns.length === 0) return false
      const names = path.slice(1).split('/')
      return levels.every((wanted, level) => wanted === undefined || wanted.has(names[level]))
    },
  }
}

/** The texts of the argument if all begin with `/`. */
function pathsOf(value: Value): readonly string[] | undefined {
  const elements = elementsOf(value)
  const texts = elements.map((e) => (e?.kind === 'scalar' && isLiteral(e.type) ? (e.value as string) : ''))
  return texts.length > 0 && texts.every((t) => t.startsWith('/')) ? texts : undefined
}

/** Per level the values that are wanted; undefined for a level without a condition. */
function conditionsOf(
  value: Value,
  database: DatabaseRecord,
  signature: string,
): readonly (readonly Value[] | undefined)[] {
  if (!database.compo) return [elementsOf(value)]
  const levels = database.schemes.length
  if (value.kind !== 'vector' || value.length !== levels)
    throw usageError(
      signature,
      `partition must be paths, or a tuple with an entry for each of the ${levels} levels of ${database.url}.`,
    )
  return elementsOf(value).map((entry) => (isMissing(entry) ? undefined : elementsOf(entry)))
}

function elementsOf(value: Value): readonly Value[] {
  if (value.kind === 'scalar') return [value]
  if (value.kind === 'vector') return Array.from({ length: value.length }, (_, k) => value.get(k))
  return [Scalar.VOID]
}

function namesOf(
  host: BackupHost,
  database: DatabaseRecord,
  level: number,
  values: readonly Value[],
): ReadonlySet<string> {
  return new Set(values.map((value) => host.partitionName(database, level, value)).filter((name) => name !== undefined))
}
