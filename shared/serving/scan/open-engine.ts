import type { Ports } from "../../storage/time.ts"
import { ChoosingEngine } from "../direct/choosing-engine.ts"
import { RangedSource } from "../direct/columns/ranged-source.ts"
import { WholeFileSource } from "../direct/columns/whole-file-source.ts"
import { DirectEngine } from "../direct/direct-engine.ts"
import { CachingEngine } from "../query/caching-engine.ts"
import { ChunkStore } from "../read/chunk-store.ts"
import { FooterStore } from "../read/footer-store.ts"
import { RangedSegmentReader } from "../read/segment-reader.ts"
import { levelOpener } from "../rollup/level-file.ts"
import type { SqlEngine } from "../sql/engine.ts"
import { NarrowingEngine } from "./narrowing-engine.ts"
import { Scanner } from "./scanner.ts"

export interface QueryEngineOptions {
  /** Lets other work of the process run; resolves when it had its turn. Default: nothing is let in. */
  readonly breathe?: () => Promise<void>
  /** Memory for indexes, and for decoded columns, bytes. */
  readonly indexBytesMax?: number
  readonly columnBytesMax?: number
  /** Values of columns that are asked for often, up to which they are read as a whole. Default: what a second fetches. */
  readonly wantedValuesMax?: number
}

/** Others have their turn this often: to let them in after each small piece takes longer than the piece. */
const TURN_MS = 1

function seldom(clock: Ports["clock"], breathe: () => Promise<void>): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY
  return async () => {
    if (clock.elapsed() - last < TURN_MS) return
    await breathe()
    last = clock.elapsed()
  }
}

/**
 * The engine of a home: what the direct path can plan runs there, everything else in DuckDB, and both read no more than
 * a statement needs.
 * @param duckdb runs SQL over files; closed with the engine
 */
export function openQueryEngine(
  ports: Pick<Ports, "objects" | "clock">,
  duckdb: SqlEngine,
  options: QueryEngineOptions = {},
): SqlEngine {
  const { indexBytesMax, columnBytesMax, wantedValuesMax } = options
  const { clock } = ports
  const breathe = options.breathe && seldom(clock, options.breathe)
  const chunks = new ChunkStore(ports)
  const footers = new FooterStore(chunks)
  const scanner = new Scanner(chunks, footers, clock, indexBytesMax)
  const ranged = new RangedSource(new RangedSegmentReader(chunks, footers, breathe))
  const whole = new WholeFileSource()
  const direct = new DirectEngine({
    clock,
    source: ({ segment }) => (segment === undefined ? whole : ranged),
    openLevel: levelOpener(ports),
    ...(breathe === undefined ? {} : { breathe }),
    ...(columnBytesMax === undefined ? {} : { columnBytesMax }),
  })
  const narrowing = new NarrowingEngine(duckdb, scanner, clock)
  const choosing = new ChoosingEngine(direct, narrowing, scanner, wantedValuesMax)
  return new CachingEngine(choosing)
}
