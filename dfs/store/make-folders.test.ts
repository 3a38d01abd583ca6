import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, it } from 'vitest'
import { makeFolders } from './make-folders.ts'

const root = mkdtempSync(join(tmpdir(), 'holdfast-folders-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('makes a folder and those above it, and leaves those that are there', () => {
  makeFolders(join(root, 'a/b/c'))
  makeFolders(join(root, 'a/b/c'))
  makeFolders(join(root, 'a/b/d'))
  expect(statSync(join(root, 'a/b/d')).isDirectory()).toBe(true)
})

it('follows a link to a folder', () => {
  makeFolders(join(root, 'real'))
  symlinkSync(join(root, 'real'), join(root, 'link'))
  makeFolders(join(root, 'link'))
  makeFolders(join(root, 'link/below'))
  expect(existsSync(join(root, 'real/below'))).toBe(true)
})

it('says that a file is in the way', () => {
  writeFileSync(join(root, 'file'), '')
  expect(() => makeFolders(join(root, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolders(join(root, 'file/below'))).toThrow(/ENOTDIR/)
})

it.runIf(existsSync('/proc/self'))('ends where a file system refuses new folders', () => {
  expect(() => makeFolders('/proc/nowhere/below')).toThrow(/ENOENT/)
})

it('makes folders that other threads make at the same moment', async () => {
  const crowded = join(root, 'crowded')
  makeFolders(crowded)
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ makeFolders }) => {
      const start = new Int32Array(workerData.start)
      Atomics.add(start, 0, 1)
      while (Atomics.load(start, 0) < workerData.threads);
      for (let k = 0; k < 300; k++) makeFolders(workerData.root + '/' + k + '/a/b/c')
    })`
  const module = new URL('./make-folders.ts', import.meta.url).href
  const start = new SharedArrayBuffer(4)
  const threads = 3
  const ends = Array.from({ length: threads }, () => {
    const thread = new Worker(source, { eval: true, workerData: { module, root: crowded, start, threads } })
    return new Promise<number>((resolve, reject) => thread.on('error', reject).on('exit', resolve))
  })
  expect(await Promise.all(ends)).toEqual([0, 0, 0])
  expect(readdirSync(crowded)).toHaveLength(300)
})
