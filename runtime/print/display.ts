/** Text of any value (language specification, section 7). Blocks have no final newline. */
import type { CodeValue, Dict, Matrix, SetValue } from '../values/forms.ts'
import type { FunctionValue, UserFunction } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import type { Table } from '../values/table.ts'
import { type Raw, T, type TypeId } from '../values/types.ts'
import type { ArrayVector, Vector } from '../values/vector.ts'
import { type GridColumn, gridLines } from './grid.ts'
import { elementText, literalText, rawElementText, rawText, scalarText, type TextStyle } from './scalars.ts'

export interface DisplayOptions extends TextStyle {
  /** Line limit of tables and matrices. */
  readonly width?: number
  /** Rows shown of tables and matrices. */
  readonly rows?: number
}

/** Elements shown of vectors, tuples and sets. */
const ELEMENT_LIMIT = 30
export const DEFAULT_WIDTH = 100
export const DEFAULT_ROWS = 20

let codePrinter: (code: CodeValue) => string = () => '< code >'

/** Sets how metacode prints; its syntax tree belongs to the language front end. */
export function setCodePrinter(printer: (code: CodeValue) => string): void {
  codePrinter = printer
}

let lambdaPrinter: (lambda: UserFunction) => string = (lambda) => lambda.text

/** Sets how anonymous functions print, without what they have captured. */
export function setLambdaPrinter(printer: (lambda: UserFunction) => string): void {
  lambdaPrinter = printer
}

/** What `print(v)` shows. */
export function displayValue(v: Value, options: DisplayOptions = {}): string {
  switch (v.kind) {
    case 'scalar':
      return scalarText(v, options)
    case 'vector':
      return vectorText(v, options)
    case 'pair':
      return `${rawElementText(v.type, v.first, v.scale, options)} : ${rawElementText(v.type, v.second, v.scale, options)}`
    case 'matrix':
      return matrixText(v, options)
    case 'set':
      return setText(v, options)
    case 'dict':
      return dictLines(v, options).join('\n')
    case 'table':
      return tableText(v, options)
    case 'source':
      return v.source.name
    case 'function':
      return functionText(v, options)
    case 'code':
      return codePrinter(v)
    case 'resource':
      return v.text
  }
}

/** Whether the text stands on lines of its own, so that a container breaks the line around it. */
const isBlock = (v: Value): boolean => v.kind === 'matrix' || v.kind === 'table' || v.kind === 'dict'

function vectorText(v: Vector, options: DisplayOptions): string {
  const count = Math.min(v.length, ELEMENT_LIMIT)
  const cut = v.length > ELEMENT_LIMIT ? '...' : ''
  switch (v.storage) {
    case 'any': {
      if (v.untyped && v.length === 0) return '[]'
      const parts: string[] = []
      for (let k = 0; k < count; k++) parts.push(memberText(v.values[k], options))
      return `(${parts.join(',')}${cut})`
    }
    case 'array': {
      const rows: string[] = []
      for (let k = 0; k < count; k++) rows.push(arrayRowText(v, k, options))
      return `[${rows.join(',')}${cut}]`
    }
    default: {
      const scale = 'scale' in v ? v.scale : 0
      const parts: string[] = []
      for (let k = 0; k < count; k++) parts.push(rawElementText(v.type, v.raw(k), scale, options))
      return `[${parts.join(',')}${cut}]`
    }
  }
}

/** A value inside a tuple. */
function memberText(v: Value, options: DisplayOptions): string {
  if (v.kind === 'scalar') return elementText(v, options)
  return isBlock(v) ? `${displayValue(v, options)}\n` : displayValue(v, options)
}

/** Row of an array vector; its nulls are typed literals, because a row of one blank would read as an empty row. */
function arrayRowText(v: ArrayVector, row: number, options: DisplayOptions): string {
  const from = v.offsets[row]
  const size = v.offsets[row + 1] - from
  const scale = 'scale' in v.flat ? v.flat.scale : 0
  const parts: string[] = []
  for (let k = 0; k < Math.min(size, ELEMENT_LIMIT); k++)
    parts.push(literalText(v.flat.type, v.flat.raw(from + k), scale, options))
  return `[${parts.join(',')}${size > ELEMENT_LIMIT ? '...' : ''}]`
}

function setText(v: SetValue, options: DisplayOptions): string {
  const parts: string[] = []
  for (const member of v.members) {
    if (parts.length === ELEMENT_LIMIT) break
    parts.push(literalText(v.type, member, 0, options))
  }
  return `set(${parts.join(',')}${v.members.size > ELEMENT_LIMIT ? '...' : ''})`
}

function dictLines(v: Dict, options: DisplayOptions): string[] {
  const lines: string[] = []
  for (const [key, value] of v.entries) {
    const head = `${keyText(v.keyType, key, options)}->`
    if (value.kind === 'dict') lines.push(head, ...dictLines(value, options).map(indented), '')
    else if (isBlock(value)) lines.push(head, ...displayValue(value, options).split('\n'), '')
    else lines.push(head + (value.kind === 'scalar' ? bareText(value, options) : displayValue(value, options)))
  }
  return lines
}

const indented = (line: string): string => (line === '' ? '' : `    ${line}`)

const keyText = (type: TypeId, key: Raw, options: DisplayOptions): string =>
  type === T.ANY ? String(key) : rawText(type, key, 0, options)

const bareText = (s: Scalar, options: DisplayOptions): string => rawText(s.type, s.value, s.scale, options)

function tableText(v: Table, options: DisplayOptions): string {
  const rows = Math.min(v.rows, options.rows ?? DEFAULT_ROWS)
  function* columns(): Generator<GridColumn> {
    for (let c = 0; c < v.columns.length; c++)
      yield { name: v.names[c], ...columnCells(v.columns[c], 0, rows, options) }
  }
  const lines = gridLines(columns(), v.columns.length, rows, { width: options.width ?? DEFAULT_WIDTH })
  if (v.rows > rows) lines.push('...')
  return lines.join('\n')
}

function matrixText(v: Matrix, options: DisplayOptions): string {
  const rows = Math.min(v.rows, options.rows ?? DEFAULT_ROWS)
  function* columns(): Generator<GridColumn> {
    for (let c = 0; c < v.cols; c++) {
      const name = v.colLabels === undefined ? `#${c}` : labelText(v.colLabels, c, options)
      yield { name, ...columnCells(v.data, c * v.rows, rows, options) }
    }
  }
  const rowLabels =
    v.rowLabels === undefined
      ? undefined
      : Array.from({ length: rows }, (_, r) => labelText(v.rowLabels as Vector, r, options))
  const lines = gridLines(columns(), v.cols, rows, { width: options.width ?? DEFAULT_WIDTH }, rowLabels)
  if (v.rows > rows) lines.push('...')
  return lines.join('\n')
}

function labelText(labels: Vector, index: number, options: DisplayOptions): string {
  const label = labels.get(index)
  return label.kind === 'scalar' ? bareText(label, options) : displayValue(label, options)
}

/** Cells of `count` elements of a vector from a position. */
function columnCells(v: Vector, from: number, count: number, options: DisplayOptions): Omit<GridColumn, 'name'> {
  const cells: string[] = []
  switch (v.storage) {
    case 'any':
      for (let k = from; k < from + count; k++) {
        const cell = v.get(k)
        cells.push(cell.kind === 'scalar' ? bareText(cell, options) : displayValue(cell, options))
      }
      return { cells, capped: true }
    case 'array':
      for (let k = from; k < from + count; k++) cells.push(arrayRowText(v, k, options))
      return { cells, capped: true }
    default: {
      const scale = 'scale' in v ? v.scale : 0
      for (let k = from; k < from + count; k++) cells.push(rawText(v.type, v.raw(k), scale, options))
      return { cells, capped: v.storage === 'string' || v.storage === 'symbol' }
    }
  }
}

/**
 * A builtin's name, a named function's definition, `{def (x, k)->pow(x, k)}` for a lambda, `f{, 50}` for a partial application. What a closure
 * has captured stands like leading arguments that are fixed: `{def (x, k)->pow(x, k)}{1}`.
 */
function functionText(f: FunctionValue, options: DisplayOptions): string {
  switch (f.variant) {
    case 'builtin':
    case 'suffixed':
      return f.name
    case 'user':
      return f.name !== '' ? f.text : lambdaPrinter(f) + fixedText(f.captured, options)
    case 'partial': {
      const target =
        f.target.variant === 'user' && f.target.name !== '' ? f.target.name : functionText(f.target, options)
      let last = f.bound.length
      while (last > 0 && f.bound[last - 1] === undefined) last--
      return target + (last === 0 ? '{}' : fixedText(f.bound.slice(0, last), options))
    }
  }
}

/** `{1, , "a"}`; nothing for no values. */
function fixedText(values: readonly (Value | undefined)[], options: DisplayOptions): string {
  if (values.length === 0) return ''
  return `{${values.map((v) => (v === undefined ? '' : v === Scalar.DEFAULT ? 'DFLT' : memberText(v, options))).join(', ')}}`
}

/** `2 : 3`-style text of one end of anything scalar-like; used where a value may be a scalar or not. */
export function plainText(v: Value, options: DisplayOptions = {}): string {
  return v instanceof Scalar ? bareText(v, options) : displayValue(v, options)
}
