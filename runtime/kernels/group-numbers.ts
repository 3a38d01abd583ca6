/**
 * Which group each row belongs to. Groups are numbered 0..count-1. Where a key numbers its groups itself (kernels/codes.ts), the number of each row is written only
 * if somebody asks: aggregates are computed by code and then picked.
 */
import type { Codes, SeenCodes } from './codes.ts'
import { PIECE } from './codes.ts'

/** The key's codes, and the code of each group. */
export interface GroupCodes extends Codes {
  readonly ofGroup: Int32Array
}

export class Groups {
  readonly rows: number
  readonly count: number
  /** First row of each group. */
  readonly firstRows: Int32Array
  /** Where the rows' codes tell their groups. */
  readonly codes: GroupCodes | undefined
  #ids: Int32Array | undefined
  #sizes: Int32Array | undefined
  #order: Int32Array | undefined
  #offsets: Int32Array | undefined
  #contiguous: boolean | undefined

  constructor(ids: Int32Array | GroupCodes, count: number, firstRows: Int32Array, sizes?: Int32Array) {
    if (ids instanceof Int32Array) {
      this.rows = ids.length
      this.#ids = ids
    } else {
      this.rows = ids.rows.length
      this.codes = ids
    }
    this.count = count
    this.firstRows = firstRows
    this.#sizes = sizes
  }

  /** Groups of the codes that occur; `order` has their positions among them, default: as they stand. */
  static ofCodes({ rows, limit }: Codes, seen: SeenCodes, order?: Int32Array): Groups {
    const pick = (a: Int32Array): Int32Array => {
      if (order === undefined) return a
      const out = new Int32Array(a.length)
      for (let g = 0; g < out.length; g++) out[g] = a[order[g]]
      return out
    }
    const codes = { rows, limit, ofGroup: pick(seen.codes) }
    return new Groups(codes, seen.codes.length, pick(seen.firstRows), pick(seen.sizes))
  }

  /** Rows that stand group by group: how many each group has, and its first row. */
  static inOrder(sizes: Int32Array): Groups {
    const firstRows = new Int32Array(sizes.length)
    for (let g = 1; g < sizes.length; g++) firstRows[g] = firstRows[g - 1] + sizes[g - 1]
    const rows = sizes.length === 0 ? 0 : firstRows[sizes.length - 1] + sizes[sizes.length - 1]
    const ids = new Int32Array(rows)
    for (let g = 0; g < sizes.length; g++) ids.fill(g, firstRows[g], firstRows[g] + sizes[g])
    const groups = new Groups(ids, sizes.length, firstRows, sizes)
    groups.#contiguous = true
    return groups
  }

  /** The group of each row. */
  get ids(): Int32Array {
    if (this.#ids === undefined) {
      const { rows, limit, ofGroup } = this.codes!
      const group = new Int32Array(limit)
      for (let g = 0; g < ofGroup.length; g++) group[ofGroup[g]] = g
      this.#ids = new Int32Array(rows.length)
      for (let from = 0; from < rows.length; from += PIECE)
        translate(rows, group, this.#ids, from, Math.min(rows.length, from + PIECE))
    }
    return this.#ids
  }

  /** Rows of each group. */
  get sizes(): Int32Array {
    if (this.#sizes === undefined) {
      this.#sizes = new Int32Array(this.count)
      const { ids } = this
      for (let from = 0; from < ids.length; from += PIECE)
        countRows(ids, this.#sizes, from, Math.min(ids.length, from + PIECE))
    }
    return this.#sizes
  }

  /** Where each group starts in `order`; one more element than groups. */
  get offsets(): Int32Array {
    if (this.#offsets === undefined) {
      const { sizes } = this
      this.#offsets = new Int32Array(this.count + 1)
      for (let g = 0; g < this.count; g++) this.#offsets[g + 1] = this.#offsets[g] + sizes[g]
    }
    return this.#offsets
  }

  /** Rows group by group, in their own order inside a group. */
  get order(): Int32Array {
    if (this.#order === undefined) {
      const next = this.offsets.slice()
      const { ids } = this
      this.#order = new Int32Array(this.rows)
      for (let from = 0; from < ids.length; from += PIECE)
        placeRows(ids, next, this.#order, from, Math.min(ids.length, from + PIECE))
    }
    return this.#order
  }

  /** True if the rows already stand group by group, so that `order` is 0, 1, 2 ... */
  get contiguous(): boolean {
    this.#contiguous ??= ascends(this.ids)
    return this.#contiguous
  }
}

function translate(codes: Int32Array, group: Int32Array, ids: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) ids[k] = group[codes[k]]
}

function countRows(ids: Int32Array, sizes: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) sizes[ids[k]]++
}

function placeRows(ids: Int32Array, next: Int32Array, order: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) order[next[ids[k]]++] = k
}

function ascends(ids: Int32Array): boolean {
  for (let k = 1; k < ids.length; k++) if (ids[k] < ids[k - 1]) return false
  return true
}
