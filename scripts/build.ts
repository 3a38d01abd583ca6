/**
 * Emits dist/ from the TypeScript sources: one entry for the process and one for each kind of thread, with what they share in common chunks. Loading three
 * hundred small files costs a thread 0.15 s at every start, a bundle a third of that. Libraries stay outside and load where they are first used, except
 * chevrotain, zod and smol-toml, of which parts are taken. Type errors are the business of `npm run typecheck`.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
/** Written aside and then put in place, so that whoever runs at the same time finds a whole dist/. */
const fresh = join(root, 'node_modules/.cache/holdfast-dist')

const isOurs = (id: string): boolean =>
  /^[./]/.test(id) || /^[A-Za-z]:[\\/]/.test(id) || /^(?:@?chevrotain|zod|smol-toml)/.test(id)

/**
 * Two bundles, because what two entries share becomes a file of its own, and every file costs each start a millisecond: one for the process and the threads that only
 * work on files, one for the threads that run scripts, with what those load late. Threads never share modules with the process that started them.
 */
const BUNDLES = [
  {
    chunks: 'jobs/[name].js',
    input: {
      'repl/main': 'repl/main.ts',
      'jobs/early-thread': 'jobs/early-thread.ts',
      'jobs/maintenance-thread': 'jobs/maintenance-thread.ts',
      // A thread is found beside the code that starts it, which lands in jobs/ with everything else.
      'jobs/file-helper-thread': 'dfs/set/file-helper-thread.ts',
      'jobs/reader-thread': 'dfs/exchange/reader-thread.ts',
      'jobs/ahead-thread': 'dfs/read/ahead-thread.ts',
      'jobs/write-behind-thread': 'dfs/store/write-behind-thread.ts',
    },
  },
  {
    chunks: 'jobs/session-[name].js',
    input: {
      'jobs/session-thread': 'jobs/session-thread.ts',
      'jobs/job-thread': 'jobs/job-thread.ts',
      'jobs/store-session': 'jobs/store-session.ts',
      'jobs/late-library': 'jobs/late-library.ts',
    },
  },
]

/** One character beyond Latin-1 in a file, and V8 keeps all of its source with two bytes a character and takes longer to read it. */
function keepToAscii(file: string): void {
  const code = readFileSync(file, 'utf8')
  const ascii = code.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  if (ascii !== code) writeFileSync(file, ascii)
}

rmSync(fresh, { recursive: true, force: true })
for (const { chunks, input } of BUNDLES) {
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(input).map(([entry, file]) => [entry, join(root, file)])),
    platform: 'node',
    external: (id) => !isOurs(id),
    // Files of ours only define: what an entry does not use of a room is not loaded with it.
    treeshake: { moduleSideEffects: (id) => !isOurs(id) || /node_modules/.test(id) },
  })
  await bundle.write({
    dir: fresh,
    format: 'esm',
    entryFileNames: '[name].js',
    // Beside the thread entries, which are found relative to the code that starts them (jobs/thread-file.ts).
    chunkFileNames: chunks,
    // A tenth less to read at every start; licences stay.
    comments: { legal: true, annotation: false, jsdoc: false },
  })
  await bundle.close()
}

for (const name of readdirSync(fresh, { recursive: true, encoding: 'utf8' }))
  if (name.endsWith('.js')) keepToAscii(join(fresh, name))

const old = `${fresh}.old`
rmSync(old, { recursive: true, force: true })
if (existsSync(dist)) renameSync(dist, old)
renameSync(fresh, dist)
rmSync(old, { recursive: true, force: true })
