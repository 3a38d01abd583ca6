/** Cluster settings as functions; SET CLUSTER SETTING and SHOW CLUSTER SETTING(S) call them. */
import { type Arg, isGiven, textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { isLiteral, isNumeric, Scalar, T, Table, unpackDuration, vectorOf } from '../../runtime/values/index.ts'
import { progressOf } from '../progress.ts'
import {
  formatValue,
  readSetting,
  requireSetting,
  SETTINGS,
  type SettingDefinition,
  type SettingInput,
  settingsOf,
} from '../settings/index.ts'
import { isMissing } from './backup-host.ts'
import { dfsOf, requireAdministrator, stringVector } from './store-args.ts'

const { entries, define } = topicTable('Settings')
export const settingFunctions = entries

const SET = 'setClusterSetting(name, value)'
define(SET, {
  doc: "Sets a cluster setting for all sessions; it holds after a restart, too. The value is a number, a BOOL, or a text such as '5m', '64MiB' or 'dual'; a null or 'DEFAULT' gives the setting back to the environment, the file or the default. For administrators. `SET CLUSTER SETTING name = value` does the same.",
  call: ([name, value], session) => {
    requireAdministrator(session, 'setClusterSetting')
    const definition = requireSetting(textArg(name, SET, 'name'))
    const input = inputOf(value)
    if (input === undefined) dfsOf(session).request({ kind: 'removeSetting', name: definition.name })
    else
      dfsOf(session).request({
        kind: 'putSetting',
        name: definition.name,
        value: readSetting(definition.name, input),
      })
    if (!definition.dynamic) noteRestart(session, definition)
    return Scalar.VOID
  },
})

/** The value as a person would write it; undefined: back to the default. */
function inputOf(value: Arg): SettingInput | undefined {
  if (!isGiven(value) || (value.kind === 'scalar' && value.isNull() && !isLiteral(value.type))) return undefined
  if (value.kind !== 'scalar') throw usageError(SET, 'value must be a scalar.')
  const { type } = value
  if (isLiteral(type)) return String(value.value).toUpperCase() === 'DEFAULT' ? undefined : String(value.value)
  if (type === T.CHAR) return String.fromCharCode((value.value as number) & 255)
  if (type === T.BOOL) return value.value === 1
  if (type === T.DURATION) {
    const { count, unit } = unpackDuration(value.value as bigint)
    return `${count}${unit}`
  }
  if (isNumeric(type)) return Number(value.value)
  throw usageError(SET, 'value must be a number, a text, a duration or a BOOL.')
}

const noteRestart = (session: Session, { name }: SettingDefinition): void =>
  progressOf(session).note(`${name} takes effect at the next start.`)

const GET = 'getClusterSettings([name])'
define(GET, {
  doc: 'A table of the cluster settings, or of one: name, value, defaultValue, unit, dynamic (false: a change takes effect at the next start), source (statement, environment, file or default), description. `SHOW CLUSTER SETTINGS` and `SHOW CLUSTER SETTING name` give the same.',
  call: ([name], session) => {
    const dfs = dfsOf(session)
    const shown = !isMissing(name) ? [requireSetting(textArg(name, GET, 'name'))] : SETTINGS
    dfs.catalog.refresh()
    const { values, sources } = settingsOf(dfs.catalog, dfs.config.settings)
    return new Table(
      ['name', 'value', 'defaultValue', 'unit', 'dynamic', 'source', 'description'],
      [
        stringVector(shown.map((d) => d.name)),
        stringVector(shown.map((d) => formatValue(d, values[d.property]))),
        stringVector(shown.map((d) => formatValue(d, d.default))),
        stringVector(shown.map((d) => d.unit)),
        vectorOf(
          T.BOOL,
          shown.map((d) => (d.dynamic ? 1 : 0)),
        ),
        stringVector(shown.map((d) => sources[d.property])),
        stringVector(shown.map((d) => d.description)),
      ],
    )
  },
})
