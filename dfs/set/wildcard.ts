/**
 * The patterns of `restore` and `checkBackup`: `%` stands for any number of characters, `?` for exactly one, everything else for itself. A pattern covers the whole
 * text. Matching is linear in pattern times text, whatever the pattern.
 */

export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  // Where to take up again when a later part fails: after the last `%`, with one more character given to it.
  let lastPercent = -1
  let resumeAt = 0
  while (t < text.length) {
    const c = p < pattern.length ? pattern[p] : ''
    if (c === '%') {
      lastPercent = p++
      resumeAt = t
    } else if (c === '?') {
      p++
      t += characterLength(text, t)
    } else if (c !== '' && c === text[t]) {
      p++
      t++
    } else if (lastPercent >= 0) {
      p = lastPercent + 1
      resumeAt += characterLength(text, resumeAt)
      t = resumeAt
    } else return false
  }
  while (p < pattern.length && pattern[p] === '%') p++
  return p === pattern.length
}

// A character outside the basic plane is two code units but one character to whoever typed the pattern.
function characterLength(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code >= 0xd800 && code <= 0xdbff && at + 1 < text.length ? 2 : 1
}

/** Whether a partition is meant by the pattern, which is written against `/dbName/partitions` with or without the physical index. */
export function matchesPartition(pattern: string, dbName: string, path: string, physicalIndex: string): boolean {
  const full = `/${dbName}${path}`
  return matchesWildcard(pattern, full) || matchesWildcard(pattern, `${full}/${physicalIndex}`)
}
