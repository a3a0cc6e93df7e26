/** One line of the code of tables with a key, broken on purpose: the model has to notice. */
export interface KeyedBreak {
  readonly name: string
  /** From the repository's root. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const DECIDER = "shared/serving/upsert/decider.ts"

export const KEYED_BREAKS: readonly KeyedBreak[] = [
  {
    name: "keep the older of two entries in a merge",
    file: "shared/serving/upsert/run.ts",
    find: "order === 0 && !isNewer(",
    replace: "order === 0 && isNewer(",
  },
  {
    name: "resolve from where the last tail ended",
    file: "shared/serving/upsert/keyed-tails.ts",
    find: "known.resolution.position === tail.position &&",
    replace: "",
  },
  {
    name: "move the position without the run",
    file: "shared/serving/upsert/keyed-flush.ts",
    find: "runs: run.runs,",
    replace: "runs: manifest.runs,",
  },
  {
    name: "go on in memory over a merge that left deletions out",
    file: "shared/serving/upsert/key-indexes.ts",
    find: "return first !== undefined && first.level > 0 && !runs.has(first.id)",
    replace: "return false && first !== undefined && runs.has(first.id)",
  },
  {
    name: "forget deletions in a merge of some runs",
    file: "shared/serving/upsert/keyed-flush.ts",
    find: "kept === 0 ? forgettable(rules, resolution.compareMax) : undefined",
    replace: "(() => true) as ReturnType<typeof forgettable>",
  },
  {
    name: "forget the comparison value of a deleted key",
    file: DECIDER,
    find: "setOffset(lanes, at, offset, KNOWN | CHANGED | DELETED | (flags & COMPARED))",
    replace:
      "lanes[at + COMPARE_AT] = 0; setOffset(lanes, at, offset, KNOWN | CHANGED | DELETED | (flags & COMPARED))",
  },
  {
    name: "let the earlier of equal records win",
    file: DECIDER,
    find: "(flagsAt(lanes, at) & KNOWN) !== 0 && compared.isBelow(lanes, at)",
    replace: "(flagsAt(lanes, at) & KNOWN) !== 0 && (compared.isBelow(lanes, at) || compared.flag === 0)",
  },
  {
    name: "count the time to live from the flush",
    file: DECIDER,
    find: "this.compareMax = compareMax\n",
    replace: "this.compareMax = undefined\n",
  },
  {
    name: "leave dead rows of older segments standing",
    file: "shared/serving/upsert/keyed-flush.ts",
    find: "if (dead.offsets.length === 0) return",
    replace: "if (dead.offsets.length >= 0) return",
  },
  {
    name: "merge into a row that was deleted",
    file: DECIDER,
    find: "const stands = (flagsAt(lanes, at) & (KNOWN | DELETED)) === KNOWN",
    replace: "const stands = (flagsAt(lanes, at) & KNOWN) === KNOWN",
  },
  {
    name: "merge into what an erasure took",
    file: DECIDER,
    find: "stands && !isGone",
    replace: "stands && (isGone || !isGone)",
  },
  {
    name: "let an erasure leave before the key index is rid of its rows",
    file: "shared/serving/maintain/purge-step.ts",
    find: "if (purges.length < manifest.purges.length) {",
    replace: "if (purges.length < 0) {",
  },
  {
    name: "go on in memory over runs that an erasure has written anew",
    file: "shared/serving/upsert/key-indexes.ts",
    find: "&& manifest.runs.every(({ id }) => held.runs.has(id))",
    replace: "",
  },
  {
    name: "keep in memory what a flush has erased",
    file: "shared/serving/upsert/keyed-flush.ts",
    find: "run.isErased ? indexes.forget(manifest) :",
    replace: "",
  },
  {
    name: "keep the row of two entries of one record",
    file: "shared/serving/upsert/entry.ts",
    find: "return (flagsAt(lanes, at) & DELETED) > (flagsAt(than, to) & DELETED)",
    replace: "return false",
  },
  {
    name: "take records wherever they lie",
    file: "shared/serving/ingest/record-keys.ts",
    find: "if (partitionForKey(buffer, partitions, start, end) !== partition) {",
    replace: "if (start < 0) {",
  },
]
