/** Moves chosen eigenvalues of a real Schur form to the upper left corner by swapping neighbouring blocks (Bai and Demmel, 1993). */
import { zeros } from './dense.ts'
import { reflect } from './householder.ts'
import { decomposeLu, solveLu } from './lu.ts'
import { reflectColumns, reflectRows, rotateTwoColumns, type Schur, standardize } from './real-schur.ts'
import { rotation } from './rotation.ts'

/** Real part, imaginary part (of one of a pair: not negative). */
export type EigenvalueTest = (real: number, imaginary: number) => boolean

/** Reorders t and z in place; the number of eigenvalues that pass the test. */
export function orderSchur(schur: Schur, wanted: EigenvalueTest): number {
  const { data, rows: n } = schur.t
  let placed = 0
  for (let k = 0; k < n; ) {
    const size = blockSize(schur, k)
    const imaginary =
      size === 2 ? Math.sqrt(Math.abs(data[k * n + k + 1])) * Math.sqrt(Math.abs(data[(k + 1) * n + k])) : 0
    if (wanted(data[k * n + k], imaginary)) {
      moveUp(schur, k, placed)
      placed += size
    }
    k += size
  }
  return placed
}

const blockSize = ({ t }: Schur, k: number): number => (k + 1 < t.rows && t.data[k * t.rows + k + 1] !== 0 ? 2 : 1)

function moveUp(schur: Schur, from: number, to: number): void {
  let at = from
  while (at > to) {
    const size = blockSize(schur, at)
    const above = at >= 2 && blockSize(schur, at - 2) === 2 ? 2 : 1
    swapBlocks(schur, at - above, above, size)
    at -= above
  }
}

/** Swaps the block of `n1` rows at row j with the one of `n2` rows below it. */
function swapBlocks({ t, z }: Schur, j: number, n1: number, n2: number): void {
  const { data, rows: n } = t
  if (n1 === 1 && n2 === 1) {
    const t11 = data[j * n + j]
    const t22 = data[(j + 1) * n + j + 1]
    const { c, s } = rotation(data[(j + 1) * n + j], t22 - t11)
    for (let col = j + 2; col < n; col++) {
      const x = data[col * n + j]
      data[col * n + j] = c * x + s * data[col * n + j + 1]
      data[col * n + j + 1] = c * data[col * n + j + 1] - s * x
    }
    rotateTwoColumns(t, j, j, c, s)
    data[j * n + j] = t22
    data[(j + 1) * n + j + 1] = t11
    rotateTwoColumns(z, j, n, c, s)
    return
  }
  const x = sylvester({ t, z }, j, n1, n2)
  const end = j + n1 + n2
  const apply = (row: number, v: Float64Array, tau: number): void => {
    // v[0] is 1.
    reflectRows(t, row, j, n, 3, tau, v[1], v[2])
    reflectColumns(t, row, end, 3, tau, v[1], v[2])
    reflectColumns(z, row, n, 3, tau, v[1], v[2])
  }
  if (n1 === 1) {
    const v = Float64Array.of(x[1], 1, x[0])
    // The reflection acts on (1, x0, x1) from the end: written with its last element first, then scaled to a first element of 1.
    const tau = reflect(v, 0, 3)
    const first = v[1]
    if (tau !== 0) applyScaled({ t, z }, j, end, Float64Array.of(first, v[2], 1), tau)
  } else {
    const u = Float64Array.of(-x[0], -x[1], 1)
    const tau = reflect(u, 0, 3)
    if (n2 === 1) apply(j, u, tau)
    else {
      const sum = -tau * (x[2] + u[1] * x[3])
      const v = Float64Array.of(-sum * u[1] - x[3], -sum * u[2], 1)
      apply(j, u, tau)
      apply(j + 1, v, reflect(v, 0, 3))
    }
  }
  for (let c = j; c < j + n2; c++) for (let r = j + n2; r < end; r++) data[c * n + r] = 0
  if (n2 === 2) standardize(t, z, j)
  if (n1 === 2) standardize(t, z, j + n2)
}

/** A reflection whose vector has its 1 at the end. */
function applyScaled({ t, z }: Schur, j: number, end: number, v: Float64Array, tau: number): void {
  const n = t.rows
  for (let c = j; c < n; c++) {
    const at = c * n + j
    const sum = tau * (v[0] * t.data[at] + v[1] * t.data[at + 1] + v[2] * t.data[at + 2])
    for (let k = 0; k < 3; k++) t.data[at + k] -= sum * v[k]
  }
  for (const [m, to] of [
    [t, end],
    [z, n],
  ] as const)
    for (let r = 0; r < to; r++) {
      const at = j * n + r
      const sum = tau * (v[0] * m.data[at] + v[1] * m.data[at + n] + v[2] * m.data[at + 2 * n])
      for (let k = 0; k < 3; k++) m.data[at + k * n] -= sum * v[k]
    }
}

/** X with T11 ** X - X ** T22 = T12, column-major. */
function sylvester({ t }: Schur, j: number, n1: number, n2: number): Float64Array {
  const { data, rows: n } = t
  const size = n1 * n2
  const system = zeros(size, size)
  const right = zeros(size, 1)
  for (let c = 0; c < n2; c++)
    for (let r = 0; r < n1; r++) {
      const row = c * n1 + r
      for (let k = 0; k < n1; k++) system.data[(c * n1 + k) * size + row] += data[(j + k) * n + j + r]
      for (let k = 0; k < n2; k++) system.data[(k * n1 + r) * size + row] -= data[(j + n1 + c) * n + j + n1 + k]
      right.data[row] = data[(j + n1 + c) * n + j + r]
    }
  return solveLu(decomposeLu(system), right).data
}
