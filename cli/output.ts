import { once } from "node:events"

/** Ends quietly when the reader of our output has gone, as `millrace consume t | head` makes it. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0)
      throw error
    })
  }
}

/** Writes data to stdout, waiting where the reader is slower. */
export async function print(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, "drain")
}

/** Says something to the person at the terminal: on stderr, so that data stays clean. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`)
}

/** Reports a failure; in red where a terminal shows it and NO_COLOR does not forbid it. */
export function sayError(message: string): void {
  const colour = process.stderr.isTTY && !process.env.NO_COLOR
  say(colour ? `\x1b[31merror:\x1b[0m ${message}` : `error: ${message}`)
}

/** A line on stderr that is written over; nothing at all where stderr is no terminal. */
export class Progress {
  readonly #shown = process.stderr.isTTY === true

  show(text: string): void {
    if (this.#shown) process.stderr.write(`\r\x1b[K${text}`)
  }

  clear(): void {
    if (this.#shown) process.stderr.write("\r\x1b[K")
  }
}
