/**
 * Emits dist/ from the TypeScript sources: one entry for the process and one for each kind of thread, with what they share in common chunks. Loading three
 * hundred small files costs a thread 0.15 s at every start, a bundle a third of that. Libraries stay outside and load where they are first used, except
 * chevrotain, of which only the lexer is taken. Type errors are the business of `npm run typecheck`.
 */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')

const isOurs = (id: string): boolean => /^[./]/.test(id) || /^[A-Za-z]:[\\/]/.test(id) || /^@?chevrotain/.test(id)

rmSync(dist, { recursive: true, force: true })
const bundle = await rolldown({
  input: Object.fromEntries(
    ['repl/main', 'jobs/session-thread', 'jobs/job-thread'].map((entry) => [entry, join(root, `${entry}.ts`)]),
  ),
  platform: 'node',
  external: (id) => !isOurs(id),
})
await bundle.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  // Beside the thread entries, which are found relative to the code that starts them (jobs/job-pool.ts).
  chunkFileNames: 'jobs/[name]-[hash].js',
})
await bundle.close()
