/**
 * Writes the generated pages: docs/functions.md from the registry, so that the page is what the runtime does, and docs/configuration.md.
 *
 *   npm run docs              write it
 *   npm run docs -- --check   exit 1 if it is stale
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dfsBuiltins } from '../dfs/index.ts'
import { jobBuiltins } from '../jobs/builtins.ts'
import { type Builtin, createRegistry } from '../runtime/index.ts'
import { configurationPage } from './configuration-doc.ts'

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs')

/** The whole page. */
export function functionsPage(): string {
  const topics = new Map<string, Builtin[]>()
  for (const entry of createRegistry(dfsBuiltins, jobBuiltins).entries())
    topics.set(entry.topic, [...(topics.get(entry.topic) ?? []), entry])
  const names = [...topics.keys()].sort()
  const count = [...topics.values()].reduce((n, list) => n + list.length, 0)
  const lines = [
    '# Functions',
    '',
    `${count} functions, generated from the registry by \`npm run docs\`. \`[x]\` may be left out; \`[x=v]\` has the default v. Every`,
    'function may be called as `f(x)`, as a method `x.f()`, and with arguments by name.',
    '',
    ...names.map((topic) => `- [${topic}](#${anchor(topic)})`),
  ]
  for (const topic of names) {
    lines.push('', `## ${topic}`, '')
    const entries = topics.get(topic)!.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    for (const entry of entries) {
      const also = entry.aliases.length > 0 ? ` Also called ${entry.aliases.map((a) => `\`${a}\``).join(', ')}.` : ''
      lines.push(`**\`${entry.signature}\`**  `, `${entry.doc.replace(/\s*\n\s*/g, ' ')}${also}`, '')
    }
    lines.pop()
  }
  return `${lines.join('\n')}\n`
}

const anchor = (topic: string): string =>
  topic
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replace(/ /g, '-')

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, page] of [
    ['functions.md', functionsPage()],
    ['configuration.md', configurationPage()],
  ]) {
    const file = join(docs, name)
    if (!process.argv.includes('--check')) writeFileSync(file, page)
    else if (readFileSync(file, 'utf8') !== page) {
      console.error(`docs/${name} is stale: run npm run docs`)
      process.exitCode = 1
    }
  }
}
