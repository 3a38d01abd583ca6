/** Names near a misspelt one, for the hint of an error. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one text into the other; stops counting above `limit`. */
export function editDistance(a: string, b: string, limit = 3): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, k) => k)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let best = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2] + 1)
      row.push(cost)
      best = Math.min(best, cost)
    }
    if (best > limit) return limit + 1
    before = previous
    previous = row
  }
  return previous[b.length]
}

/** Up to three names that look like the given one, best first. */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const limit = name.length <= 3 ? 1 : name.length <= 6 ? 2 : 3
  const lower = name.toLowerCase()
  const scored: { name: string; score: number }[] = []
  for (const candidate of candidates) {
    if (candidate === name) continue
    const score = candidate.toLowerCase() === lower ? 0 : editDistance(lower, candidate.toLowerCase(), limit)
    if (score <= limit) scored.push({ name: candidate, score })
  }
  scored.sort((a, b) => a.score - b.score || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
  return scored.slice(0, 3).map((s) => s.name)
}

export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearNames(name, candidates)
  return near.length === 0 ? undefined : `did you mean ${near.join(', ')}?`
}
