import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync, zstdCompressSync } from "node:zlib"
import { afterEach, beforeAll, describe, expect, test } from "vitest"
import { writeBatchHeader } from "../../shared/log/records/batch-header.ts"
import {
  BATCH_HEADER_BYTES,
  type BatchCodec,
  createBatchBuilder,
  DECODED_BYTES_MAX,
} from "../../shared/log/records/index.ts"
import { type Answer, apps, failedStart, type Server, startServer, temporaryFolder } from "./support.ts"

const MiB = 1024 * 1024
/** What a bomb would take: far more than any bound here, little enough to make. */
const BOMB = Buffer.alloc(256 * MiB)

const NDJSON = { "content-type": "application/x-ndjson" }
const BATCHES = { "content-type": "application/vnd.millrace.batches" }

const flights = ["SEA", "JFK", "SFO"].map(origin => ({
  date: "2001/01/14 21:30",
  delay: 1,
  distance: 2,
  origin,
  destination: "LAX",
}))

let server: Server
let sent = 0

async function sendFlights(): Promise<void> {
  expect((await server.produce("/topics/flights", flights)).status).toBe(200)
  sent += flights.length
}

beforeAll(async () => {
  server = await startServer({ args: ["--no-replay"] })
  await sendFlights()
})

// Whatever was asked before, the same process takes records and answers SQL, and nothing refused is in the table.
afterEach(async () => {
  await sendFlights()
  expect(await server.rows("SELECT count(*), count(DISTINCT origin) FROM flights")).toEqual([[sent, 3]])
  expect(server.hasExited).toBe(false)
})

function expectRefused(answer: Answer, status: number, reason: string, message: RegExp): void {
  const { error_code, ...rest } = answer.json
  expect({ status: answer.status, ...rest }).toMatchObject({ status, reason })
  expect(String(error_code)).toMatch(new RegExp(`^${status}`))
  expect(rest.message).toMatch(message)
}

/** A batch of one record whose header is true but for what `bytes` hold. */
function batchOf(codec: BatchCodec, bytes: Uint8Array): Uint8Array {
  const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), bytes])
  writeBatchHeader(batch, {
    baseOffset: 0,
    leaderEpoch: 0,
    codec,
    transactional: false,
    control: false,
    baseTimestamp: 0,
    maxTimestamp: 0,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    count: 1,
  })
  return batch
}

function sentBatch(): Buffer {
  const builder = createBatchBuilder()
  const value = Buffer.from(JSON.stringify(flights[0]))
  builder.add(value, -1, -1, 0, value.length, 0)
  return Buffer.from(builder.finish().bytes)
}

describe("records that cannot be taken:", () => {
  const post = (body: string | Uint8Array, headers: Record<string, string> = NDJSON) =>
    server.call("POST /topics/flights/partitions/0", { headers, body })

  test("for an unknown topic", async () => {
    const answer = await server.produce("/topics/nowhere", [1])
    expectRefused(answer, 404, "unknown_topic", /^topic nowhere does not exist$/)
    expect(answer.json.error_code).toBe(40401)
  })

  test("bad JSON on line 7", async () => {
    const good = JSON.stringify(flights[0])
    const answer = await post([...Array(6).fill(good), '{"origin": }', good].join("\n"))
    expectRefused(answer, 400, "malformed_json", /^line 7, column 12: expected a JSON value, found "}"$/)
    expect(answer.json.line).toBe(7)
  })

  test("a body of 4 MiB and one byte", async () => {
    const body = Buffer.alloc(4 * MiB + 1, "\n")
    expectRefused(await post(body), 413, "body_too_large", /4194304 bytes/)
  })

  test("a body of unknown length beyond 4 MiB", async () => {
    const pieces = Array.from({ length: 5 }, () => Buffer.alloc(MiB, "\n"))
    const response = await fetch(`${server.url}/topics/flights`, {
      method: "POST",
      headers: NDJSON,
      body: ReadableStream.from(pieces),
      duplex: "half",
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ reason: "body_too_large" })
  })

  test("a decompression bomb as a body", async () => {
    const body = gzipSync(BOMB)
    expect(body.length).toBeLessThan(MiB)
    expectRefused(
      await post(body, { ...NDJSON, "content-encoding": "gzip" }),
      413,
      "body_too_large",
      /4194304/,
    )
  })

  test.each([
    ["zstd", zstdCompressSync],
    ["gzip", gzipSync],
  ] as const)("a decompression bomb as a %s batch", async (codec, compress) => {
    const batch = batchOf(codec, compress(BOMB))
    expect(batch.length).toBeLessThan(MiB)
    const bound = new RegExp(`${codec} data: expected at most ${DECODED_BYTES_MAX} bytes decoded, found more`)
    expectRefused(await post(batch, BATCHES), 422, "corrupt_batch", bound)
  })

  test("a corrupt batch", async () => {
    const flipped = sentBatch()
    flipped[flipped.length - 3]! ^= 1
    expectRefused(
      await post(flipped, BATCHES),
      422,
      "corrupt_batch",
      /CRC32C: expected 0x[0-9a-f]+ .* found 0x/,
    )
    expectRefused(
      await post(sentBatch().subarray(0, -1), BATCHES),
      422,
      "corrupt_batch",
      /batch length: expected/,
    )
    const unreadable = batchOf("zstd", Buffer.from("this is no zstd"))
    expectRefused(await post(unreadable, BATCHES), 422, "corrupt_batch", /zstd data/)
  })
})

describe("SQL that cannot be run:", () => {
  const recursion = "WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r) SELECT count(*) FROM r"
  test.each([
    ["an unknown column", "SELECT nope FROM flights", 710, /^UnknownColumnError: .*'nope'/],
    ["an unknown table", "SELECT * FROM nope", 190, /^TableDoesNotExistError: .*'nope'.*flights/],
    ["a write", "INSERT INTO flights VALUES (1)", 700, /^Only SELECT statements are allowed/],
    ["a table of its own", "CREATE TABLE x AS SELECT 1", 700, /^Only SELECT statements are allowed/],
    ["a file as a table", "SELECT * FROM '/etc/passwd'", 190, /^TableDoesNotExistError: .*'\/etc\/passwd'/],
    [
      "a file through a function",
      "SELECT * FROM read_text('/etc/passwd')",
      700,
      /^Unsupported function: read_text/,
    ],
    ["a text of a gigabyte", "SELECT repeat('x', 1000000000)", 245, /^Out of memory/],
    ["the same from the rows", "SELECT max(repeat(origin, 1e9::BIGINT)) FROM flights", 245, /^Out of memory/],
    ["a count that is no integer", "SELECT repeat('x', 1e9)", 700, /line 1, column 8: .*repeat/],
    ["an endless recursion", `SET timeoutMs = 1000; ${recursion}`, 250, /deadline/],
    ["no SQL at all", "SELEC 1", 150, /^SQLParsingError: line 1, column 1/],
  ])("%s", async (_, sql, code, message) => {
    const { rows, exceptions } = await server.query(sql)
    expect(rows).toEqual([])
    expect(exceptions).toHaveLength(1)
    expect(exceptions[0]).toMatchObject({ errorCode: code, message: expect.stringMatching(message) })
  })
})

describe("a start that cannot succeed says why in one line and ends with 1:", () => {
  test("a port in use", async () => {
    const port = new URL(server.url).port
    const data = join(temporaryFolder(), "data")
    const { code, stderr } = await failedStart({ data, args: ["--port", port] })
    expect(code).toBe(1)
    expect(stderr).toBe(
      `error: Port ${port} is in use on 127.0.0.1: choose another with --port, or stop what listens there.\n`,
    )
    // It has let go of the folder.
    const other = await startServer({ data, args: ["--no-replay"] })
    expect((await other.stop()).code).toBe(0)
  })

  test("a data folder in use", async () => {
    const { data } = server.options
    const { code, stderr } = await failedStart({ data })
    expect(code).toBe(1)
    expect(stderr).toBe(
      `error: ${data}: this data folder is in use by process ${server.child.pid}; stop that process or choose another folder\n`,
    )
  })

  test("a data folder that cannot be made", async () => {
    const file = join(temporaryFolder(), "file")
    writeFileSync(file, "")
    const data = join(file, "data")
    const { code, stderr } = await failedStart({ data })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: .*: cannot be used as data folder: .*\n$/)
    expect(stderr).toContain(data)
  })

  test("an app file that is not there", async () => {
    const app = join(temporaryFolder(), "absent.ts")
    expect(await failedStart({ app })).toEqual({
      code: 1,
      signal: null,
      stderr: `error: ${app}: there is no such file\n`,
    })
  })

  test("a definition with three mistakes names all three", async () => {
    const { code, stderr } = await failedStart({ app: join(apps, "mistaken.ts") })
    expect(code).toBe(1)
    const [first, ...faults] = stderr.trimEnd().split("\n")
    expect(first).toBe("error: the definition has 3 mistakes:")
    expect(faults).toEqual([
      expect.stringMatching(
        /^ {2}topics\.visits\.partitions: expected a whole number from 1 to 10000, found 0 \(/,
      ),
      expect.stringMatching(
        /^ {2}tables\.pages\.columns\.user: the schema has no field "user"; it has page, at/,
      ),
      expect.stringMatching(/^ {2}tables\.pages\.where: unexpected end of the expression/),
    ])
    for (const fault of faults) expect(fault).toMatch(/mistaken\.ts:\d+:\d+\)$/)
  })
})
