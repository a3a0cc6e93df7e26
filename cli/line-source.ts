import { createReadStream } from "node:fs"
import { exitCodes, Failure } from "./failure.ts"

/** A line that comes slowly is not held back longer for a fuller batch. */
const LINGER_MS = 100

/** One line of the input, without its end. */
export interface Line {
  readonly bytes: Buffer
  /** From 1, over all lines of its file. */
  readonly number: number
  readonly file: string
}

/** Lines that came together; `pause` tells that the input is silent for now, so what waits should be sent. */
export interface Lines {
  readonly lines: readonly Line[]
  readonly pause: boolean
}

const blank = /^[ \t\r]*$/

/** Splits chunks into lines; keeps what is not whole yet. */
class Splitter {
  readonly #file: string
  #rest: Buffer[] = []
  #number = 0

  constructor(file: string) {
    this.#file = file
  }

  split(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#rest.push(chunk.subarray(start, end))
      this.#take(lines)
      start = end + 1
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start))
    return lines
  }

  end(): Line[] {
    const lines: Line[] = []
    if (this.#rest.length > 0) this.#take(lines)
    return lines
  }

  #take(lines: Line[]): void {
    const bytes = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
    this.#rest = []
    this.#number++
    // Blank lines hold no record; a long line is none of them.
    if (bytes.length < 64 && blank.test(bytes.toString("latin1"))) return
    lines.push({ bytes, number: this.#number, file: this.#file })
  }
}

async function* fileLines(file: string): AsyncGenerator<Lines> {
  const splitter = new Splitter(file)
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      yield { lines: splitter.split(chunk as Buffer), pause: false }
    }
  } catch (error) {
    throw new Failure(exitCodes.usage, `Cannot read ${file}: ${(error as Error).message}`, { cause: error })
  }
  yield { lines: splitter.end(), pause: false }
}

async function* stdinLines(): AsyncGenerator<Lines> {
  const splitter = new Splitter("stdin")
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let next = chunks.next()
  for (;;) {
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<"silence">(resolve => {
      timer = setTimeout(() => resolve("silence"), LINGER_MS)
    })
    const result = await Promise.race([next, silence])
    clearTimeout(timer)
    if (result === "silence") {
      yield { lines: [], pause: true }
      await next
      continue
    }
    if (result.done) break
    yield { lines: splitter.split(Buffer.from(result.value)), pause: false }
    next = chunks.next()
  }
  yield { lines: splitter.end(), pause: false }
}

/** The lines of files, one after the other, or of stdin where none (or `-`) is named. */
export async function* inputLines(files: readonly string[]): AsyncGenerator<Lines> {
  for (const file of files.length === 0 ? ["-"] : files) yield* file === "-" ? stdinLines() : fileLines(file)
}
