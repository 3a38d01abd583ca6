/** Writes docs/configuration.md from the tables of settings and keys (`npm run docs`, see functions-doc.ts). */
import { allowedValues, environmentVariable, formatValue, SETTINGS } from '../dfs/settings/index.ts'
import { ARCHIVE_KEYS, type ConfigKey, EXCHANGE_KEYS, type KeyType, PROCESS_KEYS } from '../repl/config-keys.ts'

/** The whole page. */
export function configurationPage(): string {
  return `# Configuration

Generated from the tables of settings by \`npm run docs\`.

Settings of the store hold for every session of a data directory. Each has a name in statements, a key in the section \`[storage]\` of
\`holdfast.toml\` and an environment variable. Of several values the first of these counts:

1. a statement: \`SET CLUSTER SETTING name = value\`, kept in the catalog, also over restarts, until \`SET CLUSTER SETTING name = DEFAULT\`;
2. the environment: \`HOLDFAST_...\`;
3. the file;
4. the default.

\`SHOW CLUSTER SETTINGS\` says for each which of them it was:

\`\`\`
SET CLUSTER SETTING ts.wal.wal_level = 1          // administrators only
SET CLUSTER SETTING ts.wal.checkpoint_interval = '5m'
SET CLUSTER SETTING ts.wal.rotation = DEFAULT
SHOW CLUSTER SETTING ts.wal.wal_level             // a table: name, value, defaultValue, unit, dynamic, source, description
SHOW CLUSTER SETTINGS
\`\`\`

Words may be written in any case; a statement ends at the end of the line or at \`;\`. \`setClusterSetting(name, value)\` and
\`getClusterSettings([name])\` do the same in scripts that compute names or values.

Sizes are numbers of bytes or texts such as \`64MiB\`, \`64MB\`, \`1.5G\`; multiples are binary, however they are spelt. Durations are texts with a unit:
\`500ms\`, \`30s\`, \`1m\`, \`12h\`, \`7d\`.

## The file

\`--config FILE\` (or \`HOLDFAST_CONFIG\`) names it; otherwise it is \`holdfast.toml\` in the data directory, if there is one. It is read at the start of the
process. A file that is not right stops the start with exit code 1 and one line that says where, what was found and what is allowed:

\`\`\`
holdfast: /srv/ticks/holdfast.toml:3:1: [storage] has no key 'wal_levle'; did you mean wal_level?
\`\`\`

\`\`\`toml
[session]
memory_limit = "4GB"
new_value_partitions = "add"

[jobs]
workers = 4

[storage]
wal_level = 1
checkpoint_interval = "30s"
max_wal_size = "1GiB"
\`\`\`

## Settings of the store: \`[storage]\`

Where *at once* says no, a change takes effect at the next start.

| setting | key | environment | default | values | at once | |
|---|---|---|---|---|---|---|
${SETTINGS.map((s) =>
  row([
    `\`${s.name}\``,
    `\`${s.tomlKey}\``,
    `\`${environmentVariable(s)}\``,
    `${formatValue(s, s.default)}${s.unit === 'rows' || s.unit === 'segments' ? ` ${s.unit}` : ''}`,
    valuesOf(s),
    s.dynamic ? 'yes' : 'no',
    s.description,
  ]),
).join('\n')}

## The archive of the log: \`[storage]\`

Only in the file. At most one of directory and command; paths are relative to the folder of the file.

| key | values | default | |
|---|---|---|---|
${ARCHIVE_KEYS.map((k) => row([`\`${k.key}\``, valuesOf(k.type), k.default, k.description])).join('\n')}

## Export and import: \`[storage]\`

Only in the file. Paths are relative to the folder of the file.

| key | values | default | |
|---|---|---|---|
${EXCHANGE_KEYS.map((k) => row([`\`${k.key}\``, valuesOf(k.type), k.default, k.description])).join('\n')}

## The process

Options of the command line come before the environment, the environment before the file.

| section | key | environment | option | values | default | |
|---|---|---|---|---|---|---|
${PROCESS_KEYS.map(processRow).join('\n')}
`
}

const processRow = (k: ConfigKey): string =>
  row([
    k.section === '' ? '(head of the file)' : `\`[${k.section}]\``,
    `\`${k.key}\``,
    k.environment === undefined ? '' : `\`${k.environment}\``,
    k.option === undefined ? '' : `\`${k.option}\``,
    valuesOf(k.type),
    k.default,
    k.description,
  ])

function valuesOf(type: KeyType): string {
  if (type.type === 'path' || type.type === 'command') return `a ${type.type}`
  return allowedValues(type).replace(/, such as .*/, '')
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll('|  |', '| |')
