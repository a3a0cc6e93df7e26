import { approxCountDistinct, type PercentilesSketch, percentiles } from "../../definition/index.ts"

// Sketches of rollups and of the direct path: those of jobs, with a form at rest. Each merges with every other of its kind.

export type SketchValue = string | number

/** How sketches of a kind are made, joined and kept. What is given first may be changed, what is given second never is. */
export interface SketchKind<S> {
  readonly create: () => S
  readonly add: (sketch: S, value: SketchValue) => S
  readonly merge: (sketch: S, other: S) => S
  readonly encode: (sketch: S) => string
  readonly decode: (text: string) => S
}

export type DistinctSketch = Set<number> | Uint8Array

const distinct = approxCountDistinct((value: SketchValue) => value)

/** Different values: exact up to 256, then HyperLogLog with a standard error of 1.6 %. */
export const distinctSketch: SketchKind<DistinctSketch> = {
  create: distinct.create,
  add: distinct.add,
  merge: (sketch, other) => distinct.merge(sketch, other instanceof Set ? other : other.slice()),
  encode: sketch =>
    sketch instanceof Set ? JSON.stringify([...sketch]) : Buffer.from(sketch).toString("base64"),
  decode: text =>
    text.startsWith("[")
      ? new Set(JSON.parse(text) as number[])
      : new Uint8Array(Buffer.from(text, "base64")),
}

export const distinctResult = (sketch: DistinctSketch): number => distinct.result(sketch)

const shares = percentiles((value: number) => value, [0.5])

/** Quantiles: exact up to 256 values, then each within 1 % of itself (DDSketch). Of finite numbers alone. */
export const percentileSketch: SketchKind<PercentilesSketch> = {
  create: shares.create,
  add: (sketch, value) => shares.add(sketch, Number(value)),
  merge: (sketch, other) => shares.merge(sketch, "values" in other ? other : structuredClone(other)),
  encode: sketch =>
    "values" in sketch
      ? JSON.stringify(sketch.values)
      : JSON.stringify({ ...sketch, positive: [...sketch.positive], negative: [...sketch.negative] }),
  decode: text => {
    const read = JSON.parse(text)
    if (Array.isArray(read)) return { values: read }
    return { ...read, positive: new Map(read.positive), negative: new Map(read.negative) }
  },
}

/** @param share from 0 (the least) to 1 (the greatest) */
export const percentileResult = (sketch: PercentilesSketch, share: number): number | null =>
  percentiles((value: number) => value, [share]).result(sketch)[0] as number | null
