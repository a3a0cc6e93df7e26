import { StorageError } from "../../storage/errors.ts"
import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import type { Ports } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import { RESULT_BYTES_MAX } from "./limits.ts"
import type { PinotReply, ResultTable } from "./reply.ts"
import {
  decodeHeader,
  encodeResult,
  HEADER_READ_BYTES,
  type ResultHeader,
  rowsStart,
} from "./result-format.ts"
import { Turns } from "./turns.ts"

type ResultPorts = Pick<Ports, "objects" | "random" | "clock">

/** Where kept answers lie. */
export const RESULTS_PREFIX = "res/"

/** How long an answer is kept: as long as Pinot keeps it by default. */
export const RESULT_KEPT_MS = 60 * 60_000

/** Deleted so long after nobody may read them any more: a page that is being read is read to its end. */
const DELETE_LATER_MS = 10 * 60_000

/** What is written late is for nobody. */
const WRITE_MS_MAX = 60_000

/** Pinot's default of rows in a page. */
export const PAGE_ROWS_DEFAULT = 10_000

const idPattern = /^[0-9a-f]{32}$/

/** Whose answer it is, and which rows of it. */
export interface PageRequest {
  readonly id: string
  readonly owner: string
  readonly offset: number
  /** At most; fewer where they take more than a reply may. */
  readonly rows: number
}

interface Opened {
  readonly header: ResultHeader
  readonly rowsAt: number
  readonly head: Uint8Array
}

function cursorFields({ written, expires, rows, bytes }: ResultHeader, id: string) {
  return {
    requestId: id,
    numRowsResultSet: rows,
    cursorResultWriteTimeMs: 0,
    submissionTimeMs: written,
    expirationTimeMs: expires,
    bytesWritten: bytes,
  }
}

/** Answers that are larger than a reply may be, kept for an hour for whoever asked. */
export class ResultStore {
  readonly #ports: ResultPorts
  /** Of those who make such answers. */
  readonly turns: Turns
  readonly #breathe: () => Promise<void>

  /** @param breathe lets other work of the process run; default: none is let in */
  constructor(ports: ResultPorts, breathe: () => Promise<void> = async () => {}) {
    this.#ports = ports
    this.turns = new Turns(ports.clock)
    this.#breathe = breathe
  }

  /** Keeps an answer; gives its id. Throws `StorageError` (`unavailable`). */
  async keep(reply: PinotReply & { readonly resultTable: ResultTable }, owner: string): Promise<string> {
    const { objects, random } = this.#ports
    const id = random.id()
    const { date } = await objects.list(RESULTS_PREFIX, { limit: 1 })
    const { resultTable, ...rest } = reply
    const header = { owner, written: date, expires: date + RESULT_KEPT_MS, reply: rest }
    const body = await encodeResult(resultTable, header, this.#breathe)
    const options = { ifAbsent: true, notAfter: date + WRITE_MS_MAX }
    const outcome = await objects.put(RESULTS_PREFIX + id, body, options)
    if (outcome.outcome === "committed") return id
    throw new StorageError("unavailable", "the answer could not be kept: try again")
  }

  /** A page as a reply's JSON; undefined: there is no such answer any more, or it is another's. */
  async page({ id, owner, offset, rows }: PageRequest): Promise<string | undefined> {
    const opened = await this.#open(id, owner)
    if (opened === undefined) return undefined
    const { header } = opened
    if (offset > header.rows || (offset === header.rows && offset > 0)) {
      throw new QueryError(
        "query_validation",
        `offset: expected less than ${header.rows} rows, got ${offset}`,
      )
    }
    const lines = await this.#lines(opened, id, offset, rows)
    const schema = JSON.stringify(header.dataSchema)
    const table = `{"dataSchema":${schema},"rows":[${lines.join(",")}]}`
    const fields = { ...header.reply, ...cursorFields(header, id), offset, numRows: lines.length }
    return `{"resultTable":${table},${JSON.stringify(fields).slice(1)}`
  }

  /** What is known of a kept answer, without rows; undefined as of `page`. */
  async about(id: string, owner: string): Promise<object | undefined> {
    const header = (await this.#open(id, owner))?.header
    if (header === undefined) return undefined
    return { ...header.reply, ...cursorFields(header, id), offset: 0, numRows: 0 }
  }

  /** False: there is none. */
  async remove(id: string, owner: string): Promise<boolean> {
    if ((await this.#open(id, owner)) === undefined) return false
    await this.#ports.objects.deleteMany([RESULTS_PREFIX + id])
    return true
  }

  async #open(id: string, owner: string): Promise<Opened | undefined> {
    if (!idPattern.test(id)) return undefined
    const key = RESULTS_PREFIX + id
    const { objects } = this.#ports
    const first = await objects.get(key, { start: 0, end: HEADER_READ_BYTES })
    if (first === undefined) return undefined
    const rowsAt = rowsStart(first.body)
    if (rowsAt === undefined) throw new StorageError("corrupt", `${key} is no kept answer`)
    const isWhole = rowsAt <= first.body.length
    const head = isWhole ? first.body : (await objects.get(key, { start: 0, end: rowsAt }))?.body
    if (head === undefined) return undefined
    const header = decodeHeader(head, rowsAt)
    if (header === undefined) throw new StorageError("unknown_format", `${key} has an unknown format`)
    return header.owner === owner && first.date < header.expires ? { header, rowsAt, head } : undefined
  }

  async #lines({ header, rowsAt }: Opened, id: string, offset: number, rows: number): Promise<string[]> {
    const past = Math.min(header.rows, offset + rows)
    const wanted = header.chunks.filter(
      chunk => chunk.firstRow < past && chunk.firstRow + chunk.rows > offset,
    )
    const chunks = wanted.filter(
      (_, at) => wanted.slice(0, at).reduce((sum, { bytes }) => sum + bytes, 0) < RESULT_BYTES_MAX,
    )
    const [first, last] = [chunks[0], chunks.at(-1)]
    if (first === undefined || last === undefined) return []
    const range = { start: rowsAt + first.start, end: rowsAt + last.start + last.bytes }
    const read = await this.#ports.objects.get(RESULTS_PREFIX + id, range)
    if (read === undefined) throw new QueryError("query_execution", "The kept answer was deleted meanwhile")
    const all = Buffer.from(read.body).toString().split("\n").slice(0, -1)
    return within(all.slice(offset - first.firstRow, past - first.firstRow), RESULT_BYTES_MAX)
  }
}

/** As many lines as fit, at least one. */
function within(lines: readonly string[], bytesMax: number): string[] {
  let bytes = 0
  const kept: string[] = []
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1
    if (bytes > bytesMax && kept.length > 0) break
    kept.push(line)
  }
  return kept
}

/** Pages of a listing that one collection looks at; what is left is collected the next time. */
const COLLECT_PAGES_MAX = 50

/** Deletes kept answers whose hour is over; gives their number. Throws `StorageError` (`unavailable`). */
export async function collectResults({ objects }: Pick<Ports, "objects">): Promise<number> {
  let deleted = 0
  let after: string | undefined
  for (let page = 0; page < COLLECT_PAGES_MAX; page++) {
    const listing = await objects.list(RESULTS_PREFIX, {
      limit: OBJECT_DELETES_MAX,
      ...(after === undefined ? {} : { after }),
    })
    const isOld = (modified: number) => modified + RESULT_KEPT_MS + DELETE_LATER_MS < listing.date
    const old = listing.objects.filter(({ modified }) => isOld(modified)).map(({ key }) => key)
    if (old.length > 0 && (await objects.deleteMany(old)).outcome === "committed") deleted += old.length
    after = listing.next
    if (after === undefined) break
  }
  return deleted
}
