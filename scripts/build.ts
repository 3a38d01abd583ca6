/**
 * Emits dist/ from the TypeScript sources: one entry for the process and one for each kind of thread, with what they share in common chunks. Loading three
 * hundred small files costs a thread 0.15 s at every start, a bundle a third of that. Libraries stay outside and load where they are first used, except
 * chevrotain, zod and smol-toml, of which parts are taken. Type errors are the business of `npm run typecheck`.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
/** Written aside and then put in place, so that whoever runs at the same time finds a whole dist/. */
const fresh = join(root, 'node_modules/.cache/holdfast-dist')

const isOurs = (id: string): boolean =>
  /^[./]/.test(id) || /^[A-Za-z]:[\\/]/.test(id) || /^(?:@?chevrotain|zod|smol-toml)/.test(id)

rmSync(fresh, { recursive: true, force: true })
const bundle = await rolldown({
  input: {
    ...Object.fromEntries(
      [
        'repl/main',
        'jobs/session-thread',
        'jobs/job-thread',
        'jobs/maintenance-thread',
        'jobs/store-session',
        'jobs/late-library',
      ].map((entry) => [entry, join(root, `${entry}.ts`)]),
    ),
    // A thread is found beside the code that starts it, which lands in jobs/ with everything that threads share.
    'jobs/file-helper-thread': join(root, 'dfs/set/file-helper-thread.ts'),
    'jobs/reader-thread': join(root, 'dfs/exchange/reader-thread.ts'),
  },
  platform: 'node',
  external: (id) => !isOurs(id),
  // Files of ours only define: what an entry does not use of a room is not loaded with it.
  treeshake: { moduleSideEffects: (id) => !isOurs(id) || /node_modules/.test(id) },
})
await bundle.write({
  dir: fresh,
  format: 'esm',
  entryFileNames: '[name].js',
  // Beside the thread entries, which are found relative to the code that starts them (jobs/job-pool.ts).
  chunkFileNames: 'jobs/[name].js',
  // A tenth less to read at every start; licences stay.
  comments: { legal: true, annotation: false, jsdoc: false },
})
await bundle.close()

const old = `${fresh}.old`
rmSync(old, { recursive: true, force: true })
if (existsSync(dist)) renameSync(dist, old)
renameSync(fresh, dist)
rmSync(old, { recursive: true, force: true })
