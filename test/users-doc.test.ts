/** The examples of docs/users.md show what they say they show. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MemoryCatalogStore } from '../dfs/catalog/memory-store.ts'
import { connectDfs, dfsBuiltins, Engine } from '../dfs/index.ts'
import { MemoryFileStore } from '../dfs/store/memory-store.ts'
import { createInterpreter, createRegistry } from '../runtime/index.ts'
import { root } from './harness.ts'

const page = readFileSync(join(root, 'docs/users.md'), 'utf8')
const lines = [...page.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap((m) => m[1].trimEnd().split('\n'))

it('docs/users.md: every statement shows what stands behind it', () => {
  const catalog = new MemoryCatalogStore()
  const files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  const session = createInterpreter({ registry: createRegistry(dfsBuiltins), print: () => {} })
  connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command, user) => engine.request(command, user) },
    catalog,
    files,
  })
  expect(lines.length).toBeGreaterThan(30)
  for (const line of lines) {
    const [statement, shown] = line.split(/ +\/\/ /)
    let result: string
    try {
      result = session.display(session.run(statement))
    } catch (error) {
      result = (error as Error).message
      if (shown === undefined) throw new Error(`${statement}: ${result}`, { cause: error })
    }
    if (shown !== undefined) expect(result.slice(0, shown.length), statement).toBe(shown)
  }
}, 30_000)
