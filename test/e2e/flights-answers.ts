import { replay } from "../../examples/flights/replay.ts"
import type { Client } from "./client.ts"

/** The 20,000 flights as the lines that are sent, in the order in which they happened. */
export async function flightLines(): Promise<string[]> {
  const decoder = new TextDecoder()
  const lines: string[] = []
  for await (const value of replay.values(0)) lines.push(decoder.decode(value))
  return lines
}

/** Statements whose rows are the same wherever the same flights are. */
const STATEMENTS = [
  "SELECT count(*), min(date), max(date), count(DISTINCT date), sum(delay), sum(distance) FROM flights",
  "SELECT origin, count(*), avg(delay), min(delay), max(delay) FROM flights GROUP BY origin ORDER BY origin LIMIT 1000",
  "SELECT origin, destination, count(*) AS n FROM flights GROUP BY origin, destination ORDER BY n DESC, origin, destination LIMIT 5000",
  "SELECT extract(hour FROM date) AS h, count(*), avg(delay) FROM flights GROUP BY h ORDER BY h LIMIT 24",
  "SELECT count(*), sum(distance) FROM flights WHERE date >= TIMESTAMP '2001-02-01 00:00:00' AND delay > 60",
  "SELECT date, delay, distance, origin, destination FROM flights ORDER BY date, origin, destination, delay, distance LIMIT 500",
  "SELECT date, delay, distance, origin, destination, count(*) FROM flights GROUP BY ALL ORDER BY ALL LIMIT 20000",
] as const

/** What a deployment answers to them: columns, their types, and all rows. */
export async function flightAnswers(client: Client) {
  const answers = []
  for (const sql of STATEMENTS) {
    const { columns, types, rows, exceptions } = await client.query(sql)
    answers.push({ sql, columns, types, rows, exceptions })
  }
  return answers
}
