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
}

/**
 * The engine of a home: what the direct path can plan runs there, everything else in DuckDB, and both read no more than
 * a statement needs.
 * @param duckdb runs SQL over files; closed with the engine
 */
export function openQueryEngine(
  ports: Pick<Ports, "objects" | "clock">,
  duckdb: SqlEngine,
  { breathe, indexBytesMax, columnBytesMax }: QueryEngineOptions = {},
): SqlEngine {
  const { clock } = ports
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
  const choosing = new ChoosingEngine(direct, new NarrowingEngine(duckdb, scanner, clock), scanner)
  return new CachingEngine(choosing)
}
