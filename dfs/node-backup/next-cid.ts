/**
 * From where on a store that was made of a backup counts its commits. Backups of databases tell rows by the id of their commit, so none may come twice: not after what the
 * store of the backup has given since, and not in two stores that were made of the same backup. No two of these lines begin at the same time of the clock, and
 * none catches up with a later one.
 */

/** More commits than a store makes in a millisecond, taken over all of its life. */
const COMMITS_PER_MS = 256
/** More commits than a store makes after a backup of it. */
const COMMITS_AFTER = 2 ** 32

/** `lastCid`: the last commit that the new store has. */
export const nextCid = (lastCid: number, nowMs: number): number =>
  Math.max(lastCid + COMMITS_AFTER, Math.floor(nowMs) * COMMITS_PER_MS)
