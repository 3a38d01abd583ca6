#!/usr/bin/env node
/**
 * The `holdfast` command. Plain JavaScript for any Node from 18 on: an older Node than 24 hands over to the binary of the `node` package, which
 * `npm ci` installed beside us; signals and the exit code pass through.
 */
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR = 24
const here = dirname(fileURLToPath(import.meta.url))

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) await handOver()
else {
  const main = join(here, '../dist/repl/main.js')
  if (!existsSync(main)) fail('dist/ is missing: run `npm run build` first.')
  // Parsed code is kept on disk between starts: the difference is a tenth of a second.
  module.enableCompileCache()
  // Threads do not inherit the cache, but they read the environment.
  const cache = module.getCompileCacheDir()
  if (cache !== undefined) process.env.NODE_COMPILE_CACHE ??= dirname(cache)
  // A thread takes as long to come up as everything else: it does so while the rest is loaded.
  const { startEarly } = await import('../dist/jobs/early-thread.js')
  startEarly(process.argv.slice(2))
  await import('../dist/repl/main.js')
}

async function handOver() {
  // Loaded here: who runs on the right Node already does not wait for it.
  const [{ spawn }, { constants }] = await Promise.all([import('node:child_process'), import('node:os')])
  const node = newerNode()
  if (node === undefined)
    fail(
      `this needs Node ${NODE_MAJOR} or newer, and the \`node\` package that would bring it is not installed: run \`npm ci\`.`,
    )
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // The child decides what they mean. Ctrl-C reaches the whole process group: the child takes two at the same time for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))
}

function newerNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

function fail(message) {
  process.stderr.write(`holdfast: ${message}\n`)
  process.exit(1)
}
