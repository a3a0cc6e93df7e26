import * as v from "valibot"
import type { SegmentPointer } from "../../serving/segment/segment-key.ts"
import { ApiError } from "../errors.ts"
import { SEGMENTS_SHOWN_MAX } from "../limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { tablesOf } from "../offered.ts"
import { name, partitionText } from "../parameters.ts"
import { unknownTable } from "../pinot-table.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const segmentAnswer = v.object({
  id: v.string(),
  base_offset: v.number(),
  next_offset: v.number(),
  rows: v.number(),
  bytes: v.number(),
  schema_version: v.number(),
  level: v.pipe(v.number(), v.description("How often its rows were merged.")),
  time_min: v.optional(v.number()),
  time_max: v.optional(v.number()),
})

const answer = v.object({
  table: v.string(),
  partitions: v.array(
    v.object({
      partition: v.number(),
      position: v.pipe(v.number(), v.description("The next offset that is in no segment.")),
      segments: v.array(segmentAnswer),
    }),
  ),
  left_off: v.optional(v.pipe(v.number(), v.description("So many more there are; ask by partition."))),
})

function segmentJson(segment: SegmentPointer): object {
  const { id, base, next, rows, sizeBytes, schemaVersion, level = 0, timeMin, timeMax } = segment
  return {
    id,
    base_offset: base,
    next_offset: next,
    rows,
    bytes: sizeBytes,
    schema_version: schemaVersion,
    level,
    ...(timeMin === undefined ? {} : { time_min: timeMin }),
    ...(timeMax === undefined ? {} : { time_max: timeMax }),
  }
}

export const listSegments = route({
  method: "GET",
  path: "/tables/:table/segments",
  id: "listSegments",
  summary: "What a table's segments hold, by partition",
  access: ({ table }) => [{ kind: "table", name: table, action: "query" }],
  schemas: {
    path: v.strictObject({ table: name("table") }),
    query: v.strictObject({ partition: v.optional(partitionText) }),
    headers: anyHeaders,
  },
  answers: {
    200: { description: "In the order of their offsets.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such table." },
  },
  async handle({ path, query, access }, context) {
    access.demandAllRows("what tells of segments")
    const found = await tablesOf(context).segments(path.table, query.partition)
    if (found === undefined) throw unknownTable(path.table)
    let left = SEGMENTS_SHOWN_MAX
    let leftOff = 0
    const partitions = found.map(({ partition, position, segments }) => {
      const shown = segments.slice(0, left)
      left -= shown.length
      leftOff += segments.length - shown.length
      return { partition, position, segments: shown.map(segmentJson) }
    })
    return jsonReply(200, { table: path.table, partitions, ...(leftOff === 0 ? {} : { left_off: leftOff }) })
  },
})

const oneAnswer = v.object({
  ...segmentAnswer.entries,
  partition: v.number(),
  columns: v.pipe(
    v.record(v.string(), v.looseObject({})),
    v.description("Of columns that queries leave segments out by: least and greatest value."),
  ),
  indexes: v.array(v.object({ column: v.string(), kind: v.string(), bytes: v.number() })),
  rollups: v.array(
    v.object({ rollup: v.string(), dimensions: v.array(v.number()), rows: v.number(), bytes: v.number() }),
  ),
})

export const getSegment = route({
  method: "GET",
  path: "/tables/:table/segments/:segment",
  id: "getSegment",
  summary: "One segment, and what is kept beside it",
  access: ({ table }) => [{ kind: "table", name: table, action: "query" }],
  schemas: {
    path: v.strictObject({ table: name("table"), segment: name("segment") }),
    query: nothing,
    headers: anyHeaders,
  },
  answers: {
    200: { description: "The segment.", content: { [mediaTypes.json]: oneAnswer } },
    404: { description: "There is no such table, or no such segment in it." },
  },
  async handle({ path, access }, context) {
    access.demandAllRows("what tells of segments")
    const found = await tablesOf(context).segments(path.table)
    if (found === undefined) throw unknownTable(path.table)
    for (const { partition, segments } of found) {
      const segment = segments.find(({ id }) => id === path.segment)
      if (segment !== undefined)
        return jsonReply(200, { partition, ...segmentJson(segment), ...beside(segment) })
    }
    throw new ApiError(
      "unknown_segment",
      `The table ${path.table} has no segment ${JSON.stringify(path.segment)}; GET /tables/${path.table}/segments lists them.`,
    )
  },
})

function beside({ zones = {}, sidecar, rollups = [] }: SegmentPointer): object {
  const blobs = sidecar?.blobs ?? []
  return {
    columns: Object.fromEntries(
      Object.entries(zones).map(([column, [min, max, hasNull]]) => [
        column,
        { min, max, nulls: hasNull === 1 },
      ]),
    ),
    indexes: blobs.map(([column, kind, , bytes]) => ({ column, kind, bytes })),
    rollups: rollups.map(({ rollup, dimensions, rows, sizeBytes }) => ({
      rollup,
      dimensions,
      rows,
      bytes: sizeBytes,
    })),
  }
}
