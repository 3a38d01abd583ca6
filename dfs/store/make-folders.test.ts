import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
