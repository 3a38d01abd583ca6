/** Values of any form in files (format: textfile/value-bytes.ts), and what takes the place of DolphinDB's binary modules and plugins. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { HoldfastError, inputError, usageError } from '../errors.ts'
import { requireUnprotected } from '../protected-files.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { bodyLength, VALUE_HEADER_BYTES, valueFromBytes, valueToBytes } from '../textfile/value-bytes.ts'
import { Scalar } from '../values/scalar.ts'
import { required, textArg } from './args.ts'
import { handleOf } from './files.ts'

const { entries, define } = topicTable('Files')
export const objectFileBuiltins: readonly Builtin[] = entries

define('writeObject(handle, object)', {
  doc: 'Writes a value of any form (scalar to table, function, metacode) to a file, from which readObject reads it back; true. Handles and tables of databases are refused.',
  call: ([handle, object], session) => {
    const usage = 'writeObject(handle, object)'
    const file = handleOf(handle, usage)
    file.write(valueToBytes(required(object, usage, 'object'), session, 'writeObject'))
    return Scalar.TRUE
  },
})

define('readObject(handle)', {
  doc: 'The next value that writeObject wrote to the file. The end of the file, and bytes that are none, are errors.',
  call: ([handle], session) => {
    const file = handleOf(handle, 'readObject(handle)')
    const where = `the file [${file.path}]`
    const header = file.read(VALUE_HEADER_BYTES)
    if (header.length === 0) throw inputError('IOException: the end of the file was reached.', { code: 'endOfFile' })
    return valueFromBytes(header, file.read(bodyLength(header, where)), session, where)
  },
})

define('saveModel(model, file)', {
  doc: 'Writes a model (the dictionary that a training function returns) to a file; true. The file is there whole or not at all.',
  call: ([model, file], session) => {
    const usage = 'saveModel(model, file)'
    if (model?.kind !== 'dict') throw usageError(usage, 'model must be a dictionary.')
    const path = textArg(file, usage, 'file')
    requireUnprotected(path)
    try {
      writeFileSync(`${path}.part`, valueToBytes(model, session, 'saveModel'))
      renameSync(`${path}.part`, path)
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause
      throw new HoldfastError('io', `Failed to write file [${path}]: ${(cause as Error).message}`, { cause })
    }
    return Scalar.TRUE
  },
})

define('loadModel(file)', {
  doc: 'The dictionary that saveModel wrote.',
  call: ([file], session) => {
    const path = textArg(file, 'loadModel(file)', 'file')
    requireUnprotected(path)
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (cause) {
      throw inputError(`Failed to open file [${path}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
    }
    const model = valueFromBytes(
      bytes.subarray(0, VALUE_HEADER_BYTES),
      bytes.subarray(VALUE_HEADER_BYTES),
      session,
      `the file [${path}]`,
    )
    if (model.kind !== 'dict') throw new HoldfastError('data', `The file [${path}] holds no model.`, { code: 'model' })
    return model
  },
})

const refused = (what: string, hint: string) => (): never => {
  throw inputError(`${what} is not supported.`, { code: 'notSupported', hint })
}

define('saveModule(name, [moduleDir], [overwrite=false])', {
  doc: 'Not supported: there is no binary form of modules. Keep the .dos file in the folder modules, where `use` finds it.',
  call: refused('saveModule: a binary form of modules (.dom)', 'ship the .dos file and load it with `use`'),
})
define('loadModule(name, [moduleDir])', {
  doc: 'Not supported: there is no binary form of modules. `use` loads a .dos file from the folder modules.',
  call: refused('loadModule: a binary form of modules (.dom)', 'load the .dos file with `use`'),
})
define('clearCachedModules()', {
  doc: 'The next `use` of a module reads its file again. Modules belong to the session: those of others stay.',
  call: (_, session) => {
    session.forgetModules()
    return Scalar.VOID
  },
})
define('loadPlugin(filepath)', {
  doc: 'Not supported: plugins of DolphinDB are native libraries that need its server.',
  call: refused('loadPlugin: loading native plugins', 'do it in a script, or outside and exchange files'),
})
