/** docs/conformance.md: which section of the language each folder of conformance scripts covers, and how many expectations stand there. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformanceScripts } from '../test/scripts/read.ts'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'test/scripts')

/** `sql-05-nulls` -> SQL, 5, nulls. */
const BOOKS: readonly (readonly [prefix: string, title: string])[] = [
  ['language', 'Language'],
  ['sql', 'SQL'],
  ['functions', 'Functions'],
  ['store', 'Store'],
]

export function conformancePage(): string {
  const topics = new Map<string, { scripts: number; shows: number; fails: number }>()
  for (const script of conformanceScripts(folder)) {
    const counts = topics.get(script.topic) ?? { scripts: 0, shows: 0, fails: 0 }
    counts.scripts++
    for (const { expected } of script.expectations) counts[expected.kind]++
    topics.set(script.topic, counts)
  }
  const sum = (of: (counts: { scripts: number; shows: number; fails: number }) => number): number =>
    [...topics.values()].reduce((n, counts) => n + of(counts), 0)
  return [
    '# Conformance',
    '',
    `${sum((c) => c.shows + c.fails)} expectations in ${sum((c) => c.scripts)} scripts, counted by \`npm run docs\`. A script is a file of \`test/scripts/<topic>\` with what a person would see on the line`,
    '(`test/scripts/read.ts` has the format); `npx vitest run test/scripts` plays them all, `-t sql-12` those of one topic.',
    '',
    '| of | section | topic | scripts | results | errors |',
    '|---|---|---|---|---|---|',
    ...[...topics].sort(byPlace).map(([topic, { scripts, shows, fails }]) => {
      const { book, section, name } = placeOf(topic)
      return `| ${book} | ${section} | [${name}](../test/scripts/${topic}) | ${scripts} | ${shows} | ${fails} |`
    }),
    `| | | all | ${sum((c) => c.scripts)} | ${sum((c) => c.shows)} | ${sum((c) => c.fails)} |`,
    '',
  ].join('\n')
}

function placeOf(topic: string): { book: string; order: number; section: number; name: string } {
  const found = /^([a-z]+)-(\d+)-(.+)$/.exec(topic)
  const order = BOOKS.findIndex(([prefix]) => prefix === found?.[1])
  if (found === null || order < 0)
    throw new Error(`test/scripts/${topic}: a topic is language-N-name, sql-N-name, functions-N-name or store-N-name`)
  return { book: BOOKS[order][1], order, section: Number(found[2]), name: found[3].replaceAll('-', ' ') }
}

function byPlace([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const x = placeOf(a)
  const y = placeOf(b)
  return x.order - y.order || x.section - y.section || (x.name < y.name ? -1 : 1)
}
