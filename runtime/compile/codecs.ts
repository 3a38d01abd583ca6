/** How functions and metacode cross threads: registered once per thread with the value transfer. */
import type { MetacodeItem } from '../../lang/ast.ts'
import { SourceText } from '../../lang/source.ts'
import { HoldfastError } from '../errors.ts'
import { setCodeOverTable } from '../indexing/read.ts'
import { setCodeCodec, setFunctionCodec, type Transfer, type TransferOptions } from '../values/transfer.ts'
import { type CodeNode, evaluateOverTable } from './code.ts'
import type { Host } from './host.ts'
import { receiveFunction, type ShippedFunction, shipFunction } from './ship.ts'

interface ShippedCode {
  readonly item: MetacodeItem
  readonly text: string
  readonly name: string
}

function hostOf(options: TransferOptions): Host {
  if (options.session === undefined) throw new HoldfastError('bug', 'a function crosses threads without a session')
  return options.session as Host
}

let done = false

export function registerCodecs(): void {
  if (done) return
  done = true
  setFunctionCodec({
    encode: (fn, options, inner) => shipFunction(fn, hostOf(options), inner),
    decode: (data, options, inner) => receiveFunction(data as ShippedFunction<Transfer>, hostOf(options), inner),
  })
  setCodeCodec({
    encode: (node) => {
      const { item, source } = node as CodeNode
      return { item, text: source.text, name: source.name } satisfies ShippedCode
    },
    decode: (data) => {
      const { item, text, name } = data as ShippedCode
      return { item, source: new SourceText(text, name) } satisfies CodeNode
    },
  })
  setCodeOverTable(evaluateOverTable)
}
