import { Presets, SingleBar } from "cli-progress"
import type { Replaying } from "./keyed-replay.ts"

/** Without a terminal, a line at every tenth. */
const TENTHS = 10

/** What a person is told of a replay. */
export interface Shown {
  readonly topic: string
  readonly count: number
  /** A table that consumes the topic. */
  readonly table: string | undefined
  readonly url: string
  /** Requests need a key. */
  readonly authenticated: boolean
}

/** Runs a replay with a bar on stderr, and says afterwards what to try. */
export async function showReplay(replayer: Replaying, shown: Shown, stopping: AbortSignal): Promise<void> {
  const { count } = shown
  if (replayer.sent < count) {
    const progress = process.stderr.isTTY ? bar(shown, replayer) : lines(shown, replayer)
    await replayer.run(progress.update, stopping)
    progress.end()
  }
  if (replayer.sent === count) process.stderr.write(hints(shown))
}

interface Progress {
  readonly update: (sent: number) => void
  readonly end: () => void
}

function bar({ topic, count }: Shown, replayer: Replaying): Progress {
  const format = `Replaying ${topic} {bar} {percentage}% | {value}/{total} records | {eta_formatted} left`
  const shown = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic)
  shown.start(count, replayer.sent)
  return { update: sent => shown.update(sent), end: () => shown.stop() }
}

function lines({ topic, count }: Shown, replayer: Replaying): Progress {
  let tenth = Math.floor((replayer.sent / count) * TENTHS)
  return {
    update(sent) {
      const now = Math.floor((sent / count) * TENTHS)
      if (now === tenth) return
      tenth = now
      process.stderr.write(`Replaying ${topic}: ${sent} of ${count} records\n`)
    },
    end: () => {},
  }
}

function hints({ topic, count, table, url, authenticated }: Shown): string {
  const curl = authenticated ? 'curl -s -H "Authorization: Bearer $MILLRACE_KEY"' : "curl -s"
  const query = (sql: string) =>
    `  ${curl} ${url}/query/sql -H 'content-type: application/json' -d '{"sql":"${sql}"}'`
  const queries = [`SELECT count(*) FROM ${table}`, `SELECT * FROM ${table} LIMIT 3`].map(query)
  const fetches = [`/topics/${topic}/partitions/0/records?offset=0&max_bytes=300`, `/topics/${topic}`].map(
    path => `  ${curl} '${url}${path}'`,
  )
  const tries = [...(table === undefined ? [`  ${curl} ${url}/topics`] : queries), ...fetches].slice(0, 3)
  return `\nAll ${count} records of ${topic} are in. Try, at ${url}:\n\n${tries.join("\n")}\n`
}
