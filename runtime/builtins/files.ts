/** The file system: folders, and files read and written piece by piece. Paths are those of the server. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { inputError, usageError } from '../errors.ts'
import { rawText } from '../print/scalars.ts'
import { requireUnprotected } from '../protected-files.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { offsetAtUtc } from '../temporal/zones.ts'
import { FileHandle } from '../textfile/handle.ts'
import { Resource } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isTemporal, T } from '../values/types.ts'
import { FixedVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, textArg, textListArg } from './args.ts'
import { writeElement } from './growth.ts'

const { entries, define } = topicTable('Files')
export const fileBuiltins: readonly Builtin[] = entries

// Folders.

/** `%` stands for any run of characters. */
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('%')
      .map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  )

define('files(directory, [pattern])', {
  doc: 'The entries of a folder: filename, isDir, fileSize, lastAccessed, lastModified, by name. `%` in the pattern is any run of characters.',
  call: ([directory, pattern]) => {
    const signature = 'files(directory, [pattern])'
    const folder = textArg(directory, signature, 'directory')
    const filter = isGiven(pattern) ? patternOf(textArg(pattern, signature, 'pattern')) : undefined
    const names = listFolder(folder).filter((n) => filter === undefined || filter.test(n))
    const stats = names.flatMap((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false })
      return stat === undefined ? [] : [{ name, stat }]
    })
    const stamps = (of: (s: (typeof stats)[number]) => number): FixedVector =>
      new FixedVector(
        T.TIMESTAMP,
        BigInt64Array.from(stats, (s) => BigInt(Math.floor(of(s) + offsetAtUtc('', of(s))))),
      )
    return new Table(
      ['filename', 'isDir', 'fileSize', 'lastAccessed', 'lastModified'],
      [
        new StringVector(stats.map((s) => s.name)),
        new FixedVector(
          T.BOOL,
          Int8Array.from(stats, (s) => (s.stat.isDirectory() ? 1 : 0)),
        ),
        new FixedVector(
          T.LONG,
          BigInt64Array.from(stats, (s) => BigInt(s.stat.isDirectory() ? 0 : s.stat.size)),
        ),
        stamps((s) => s.stat.atimeMs),
        stamps((s) => s.stat.mtimeMs),
      ],
    )
  },
})

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (cause) {
    throw inputError(`Failed to list directory [${folder}]: ${(cause as Error).message}`, {
      code: 'directoryList',
      cause,
    })
  }
}

let existsInStore: ((path: string, session: Session) => boolean) | undefined
/** Set by the room that owns dfs:// paths. */
export function provideExists(check: (path: string, session: Session) => boolean): void {
  existsInStore = check
}

function pathExists(path: string, session: Session): boolean {
  if (!path.startsWith('dfs://')) return existsSync(path)
  if (existsInStore === undefined)
    throw inputError(`There is no store in this session to look for [${path}].`, { code: 'noStore' })
  return existsInStore(path, session)
}

define('exists(path)', {
  doc: 'Whether files or folders exist; dfs:// paths are looked up in the store.',
  kind: 'element',
  call: ([path], session) => {
    const paths = textListArg(path, 'exists(path)', 'path')
    if (path?.kind === 'scalar') return Scalar.bool(pathExists(paths[0], session))
    return new FixedVector(
      T.BOOL,
      Int8Array.from(paths, (p) => (pathExists(p, session) ? 1 : 0)),
    )
  },
})

/** Runs a file operation; its failure names the path and the system's error number. */
function fileOperation(what: string, path: string, run: () => void): Value {
  try {
    run()
  } catch (cause) {
    const { errno, message } = cause as NodeJS.ErrnoException
    throw inputError(`Failed to ${what} [${path}] with error code ${Math.abs(errno ?? 0)}: ${message}`, {
      code: 'fileOperation',
      cause,
    })
  }
  return Scalar.VOID
}

define('mkdir(directory)', {
  doc: 'Creates a folder; one that exists, or a missing parent, is an error.',
  call: ([directory]) => {
    const path = textArg(directory, 'mkdir(directory)', 'directory')
    return fileOperation('create directory', path, () => void mkdirSync(path))
  },
})
define('rm(filename)', {
  doc: 'Removes a file.',
  call: ([filename]) => {
    const path = textArg(filename, 'rm(filename)', 'filename')
    requireUnprotected(path)
    return fileOperation('remove file', path, () => unlinkSync(path))
  },
})
define('rmdir(directory, [recursive=false], [keepRootDir=false])', {
  doc: 'Removes a folder; with recursive, all in it; with keepRootDir only what is in it.',
  call: ([directory, recursive, keepRootDir]) => {
    const signature = 'rmdir(directory, [recursive=false], [keepRootDir=false])'
    const path = textArg(directory, signature, 'directory')
    requireUnprotected(path)
    const all = boolArg(recursive, signature, 'recursive', false)
    return fileOperation('remove directory', path, () => {
      if (!all) rmdirSync(path)
      else if (boolArg(keepRootDir, signature, 'keepRootDir', false))
        for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true })
      else rmSync(path, { recursive: true })
    })
  },
})

define('getWorkDir()', { doc: 'The folder that relative paths start from.', call: () => Scalar.string(resolve('.')) })
define('getExecDir()', {
  doc: 'The folder of the running program.',
  call: () => Scalar.string(resolve(process.argv[1] ?? '.', '..')),
})

// Handles.

define('file(name, [mode="r"], [isLittleEndian])', {
  doc: 'Opens a file: r read, r+ read and write, w empty and write, w+ the same with reading, a append, a+ append with reading.',
  call: ([name, mode, littleEndian]) => {
    const signature = 'file(name, [mode="r"], [isLittleEndian])'
    if (isGiven(littleEndian) && !boolArg(littleEndian, signature, 'isLittleEndian', true))
      throw usageError(signature, 'Only little-endian files are supported.')
    const path = textArg(name, signature, 'name')
    return new Resource(T.HANDLE, 'file', `File[${path}]`, new FileHandle(path, textArg(mode, signature, 'mode', 'r')))
  },
})

/** The open file behind a handle. */
export function handleOf(v: Arg, signature: string): FileHandle {
  if (v?.kind === 'resource' && v.payload instanceof FileHandle) return v.payload
  throw usageError(signature, 'handle must be an open file.')
}

/** Something that can be closed, whatever room it comes from. */
const isCloseable = (payload: unknown): payload is { close(): void } =>
  typeof payload === 'object' && payload !== null && 'close' in payload && typeof payload.close === 'function'

define('close(handle)', {
  doc: 'Closes a file or connection.',
  call: ([handle]) => {
    if (handle?.kind !== 'resource' || !isCloseable(handle.payload))
      throw usageError('close(handle)', 'handle must be a file or a connection.')
    handle.payload.close()
    return Scalar.VOID
  },
})

define('readLine(handle)', {
  doc: 'The next line without its end; NULL at the end of the file.',
  call: ([handle]) => {
    const line = handleOf(handle, 'readLine(handle)').readLine()
    return line === undefined ? Scalar.VOID : Scalar.string(line)
  },
})
define('readLines(handle, [length=1024])', {
  doc: 'The next lines as a STRING vector, fewer at the end of the file.',
  call: ([handle, length]) => {
    const signature = 'readLines(handle, [length=1024])'
    return new StringVector(linesOf(handleOf(handle, signature), intArg(length, signature, 'length', 1024)))
  },
})

function linesOf(file: FileHandle, count: number): string[] {
  const lines: string[] = []
  while (lines.length < count) {
    const line = file.readLine()
    if (line === undefined) break
    lines.push(line)
  }
  return lines
}

define('readLines!(handle, holder, [offset=0], [length=1])', {
  doc: 'Reads lines into a STRING vector from `offset`; the number of lines read.',
  mutates: true,
  mutatedAt: 1,
  call: ([handle, holder, offset, length]) => {
    const signature = 'readLines!(handle, holder, [offset=0], [length=1])'
    if (holder?.kind !== 'vector' || holder.storage !== 'string')
      throw usageError(signature, 'holder must be a STRING vector.')
    const from = intArg(offset, signature, 'offset', 0)
    const count = Math.min(intArg(length, signature, 'length', 1), holder.length - from)
    const lines = new StringVector(linesOf(handleOf(handle, signature), count))
    for (let k = 0; k < lines.length; k++) writeElement(holder, from + k, lines, k)
    return Scalar.int(lines.length)
  },
})

define('readBytes(handle, n)', {
  doc: 'The next n bytes as a CHAR vector; fewer left is an error.',
  call: ([handle, n]) => {
    const count = intArg(n, 'readBytes(handle, n)', 'n')
    const bytes = handleOf(handle, 'readBytes(handle, n)').read(count)
    if (bytes.length < count) throw inputError('IOException: the end of the file was reached.', { code: 'endOfFile' })
    return new FixedVector(T.CHAR, new Int8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + count)))
  },
})

define('read!(handle, holder, [offset=0], [length=1])', {
  doc: 'Reads binary values into a vector from `offset`; the number of values read.',
  mutates: true,
  mutatedAt: 1,
  call: ([handle, holder, offset, length]) => {
    const signature = 'read!(handle, holder, [offset=0], [length=1])'
    if (holder?.kind !== 'vector' || holder.storage !== 'fixed')
      throw usageError(signature, 'holder must be a vector of numbers or temporals.')
    const from = intArg(offset, signature, 'offset', 0)
    const count = Math.min(intArg(length, signature, 'length', 1), holder.length - from)
    const width = holder.data.BYTES_PER_ELEMENT
    const bytes = handleOf(handle, signature).read(count * width)
    const got = Math.floor(bytes.length / width)
    new Uint8Array(holder.data.buffer, holder.data.byteOffset + from * width, got * width).set(
      bytes.subarray(0, got * width),
    )
    return Scalar.int(got)
  },
})

define('write(handle, object, [offset=0], [length])', {
  doc: 'Writes the binary values of a scalar or vector (texts end with a zero byte); the number of values written.',
  call: ([handle, object, offset, length]) => {
    const signature = 'write(handle, object, [offset=0], [length])'
    const file = handleOf(handle, signature)
    const value = required(object, signature, 'object')
    if (value.kind === 'scalar') {
      file.write(binaryOf(vectorOfScalar(value), 0, 1, signature))
      return Scalar.int(1)
    }
    if (value.kind !== 'vector') throw usageError(signature, 'object must be a scalar or a vector.')
    const from = intArg(offset, signature, 'offset', 0)
    const count = Math.min(intArg(length, signature, 'length', value.length - from), value.length - from)
    file.write(binaryOf(value, from, count, signature))
    return Scalar.int(count)
  },
})

function vectorOfScalar(s: Scalar): Vector {
  if (typeof s.value === 'string') return new StringVector([s.value])
  if (s.type === T.DOUBLE) return new FixedVector(T.DOUBLE, Float64Array.of(s.value as number))
  if (s.type === T.FLOAT) return new FixedVector(T.FLOAT, Float32Array.of(s.value as number))
  if (typeof s.value === 'bigint') return new FixedVector(s.type, BigInt64Array.of(BigInt.asIntN(64, s.value)))
  if (s.type === T.BOOL || s.type === T.CHAR) return new FixedVector(s.type, Int8Array.of(s.value as number))
  if (s.type === T.SHORT) return new FixedVector(s.type, Int16Array.of(s.value as number))
  if (s.type === T.INT || isTemporal(s.type)) return new FixedVector(s.type, Int32Array.of(s.value as number))
  throw usageError(
    'write(handle, object, [offset=0], [length])',
    'object must be of a numeric, temporal or literal type.',
  )
}

function binaryOf(v: Vector, from: number, count: number, signature: string): Buffer {
  if (v.storage === 'string' || v.storage === 'symbol')
    return Buffer.from(Array.from({ length: count }, (_, k) => `${String(v.raw(from + k))}\0`).join(''))
  if (v.storage !== 'fixed') throw usageError(signature, 'object must be of a numeric, temporal or literal type.')
  const width = v.data.BYTES_PER_ELEMENT
  return Buffer.from(new Uint8Array(v.data.buffer, v.data.byteOffset + from * width, count * width))
}

define('writeLine(handle, string, [windowsLineEnding])', {
  doc: 'Writes one line; 1.',
  call: ([handle, line, windows]) => {
    const signature = 'writeLine(handle, string, [windowsLineEnding])'
    const end = boolArg(windows, signature, 'windowsLineEnding', false) ? '\r\n' : '\n'
    handleOf(handle, signature).write(Buffer.from(lineText(required(line, signature, 'string'), signature) + end))
    return Scalar.int(1)
  },
})

function lineText(v: Value, signature: string): string {
  if (v.kind === 'scalar') return rawText(v.type, v.value, v.scale)
  throw usageError(signature, 'string must be a scalar.')
}

define('writeLines(handle, object, [offset=0], [length], [windowsLineEnding])', {
  doc: 'Writes the elements of a vector as lines; the number of lines.',
  call: ([handle, object, offset, length, windows]) => {
    const signature = 'writeLines(handle, object, [offset=0], [length], [windowsLineEnding])'
    if (object?.kind !== 'vector') throw usageError(signature, 'object must be a vector.')
    const end = boolArg(windows, signature, 'windowsLineEnding', false) ? '\r\n' : '\n'
    const from = intArg(offset, signature, 'offset', 0)
    const count = Math.min(intArg(length, signature, 'length', object.length - from), object.length - from)
    const file = handleOf(handle, signature)
    for (let k = from; k < from + count; k++) file.write(Buffer.from(lineText(object.get(k), signature) + end))
    return Scalar.int(count)
  },
})

define('writeBytes(handle, bytes)', {
  doc: 'Writes a CHAR scalar or vector; the number of bytes.',
  call: ([handle, bytes]) => {
    const signature = 'writeBytes(handle, bytes)'
    const v = required(bytes, signature, 'bytes')
    if (!('type' in v) || v.type !== T.CHAR) throw usageError(signature, 'bytes must be a CHAR scalar or vector.')
    const column = v.kind === 'scalar' ? vectorOfScalar(v) : (v as Vector)
    handleOf(handle, signature).write(binaryOf(column, 0, column.length, signature))
    return Scalar.int(column.length)
  },
})

define('seek(handle, offset, [mode=HEAD])', {
  doc: 'Moves the position from HEAD, CURRENT or TAIL; the new position.',
  call: ([handle, offset, mode]) => {
    const signature = 'seek(handle, offset, [mode=HEAD])'
    const from = textArg(mode, signature, 'mode', 'HEAD')
    if (from !== 'HEAD' && from !== 'CURRENT' && from !== 'TAIL')
      throw usageError(signature, 'mode must be HEAD, CURRENT or TAIL.')
    return Scalar.long(handleOf(handle, signature).seek(intArg(offset, signature, 'offset'), from))
  },
})
define('fflush(handle)', {
  doc: 'Hands pending writes to the operating system.',
  call: ([handle]) => {
    handleOf(handle, 'fflush(handle)').flush()
    return Scalar.VOID
  },
})

define('saveTextFile(content, filename, [append=false], [lastModified])', {
  doc: 'Writes a text to a file; lastModified sets the time of its last change.',
  call: ([content, filename, append, lastModified], session) => {
    const signature = 'saveTextFile(content, filename, [append=false], [lastModified])'
    const path = textArg(filename, signature, 'filename')
    const text = textArg(content, signature, 'content')
    requireUnprotected(path)
    fileOperation('write file', path, () =>
      boolArg(append, signature, 'append', false) ? appendFileSync(path, text) : writeFileSync(path, text),
    )
    if (isGiven(lastModified)) {
      if (lastModified.kind !== 'scalar' || lastModified.type !== T.TIMESTAMP)
        throw usageError(signature, 'lastModified must be a TIMESTAMP.')
      const local = Number(lastModified.value)
      utimesSync(path, session.now() / 1000, (local - offsetAtUtc('', local)) / 1000)
    }
    return Scalar.TRUE
  },
})
