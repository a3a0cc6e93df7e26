import { type Duration, defineApp, table, topic } from "millrace"
import * as z from "zod"

const Flight = z.object({
  date: z.string(),
  delay: z.int(),
  distance: z.int(),
  origin: z.string(),
  destination: z.string(),
})

/** The flights example, changed. */
export function flightsOf(changes: {
  readonly retention?: Duration
  readonly partitions?: number
  readonly key?: "origin"
}) {
  const flights = topic("flights", { schema: Flight, ...changes })
  const flightsTable = table("flights", {
    from: flights,
    columns: {
      date: { type: "timestamp", format: "yyyy/MM/dd HH:mm" },
      delay: "int",
      distance: "int",
      origin: "string",
      destination: "string",
    },
    time: "date",
  })
  return defineApp("flights", { topics: [flights], tables: [flightsTable] })
}
