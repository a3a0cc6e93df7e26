import {
  avg,
  boundedOutOfOrderness,
  count,
  defineApp,
  defineJob,
  from,
  max,
  table,
  topic,
  tumbling,
} from "millrace"
import * as z from "zod"

/** A domestic flight in the United States: where from, where to, and how late. */
const Flight = z.object({
  /** Local time at the origin, such as `2001/01/14 21:30`; read as UTC. */
  date: z.string(),
  /** Minutes late; below zero: early. */
  delay: z.int(),
  /** Miles. */
  distance: z.int(),
  /** Airports, by IATA code. */
  origin: z.string(),
  destination: z.string(),
})

export const flights = topic("flights", { schema: Flight })

export const flightsTable = table("flights", {
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

/** How late an airport's flights of one hour left. */
const Delay = z.object({
  origin: z.string(),
  /** The hour that they were planned for, epoch ms. */
  windowStart: z.int(),
  windowEnd: z.int(),
  flights: z.int(),
  /** Minutes. */
  delay: z.number().nullable(),
  worst: z.int().nullable(),
})

const delays = topic("delays", { schema: Delay, key: "origin" })

/** Flights that left so late that their hour is closed. */
const lateFlights = topic("flights-late", { schema: Flight })

const MINUTE_MS = 60_000

/** When a flight was to leave, epoch ms: a late one comes among those of later hours. */
function plannedAt({ date, delay }: z.input<typeof Flight>): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = date.split(/\D/).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute) - delay * MINUTE_MS
}

export const hourlyDelays = defineJob(
  "hourly-delays",
  () =>
    from(flights, { timestamp: plannedAt, watermark: boundedOutOfOrderness("30m") })
      .keyBy("origin")
      .window(tumbling("1h"), { allowedLateness: "3h", lateTo: lateFlights })
      .aggregate({
        flights: count(),
        delay: avg(flight => flight.delay),
        worst: max(flight => flight.delay),
      })
      .to(delays),
  // What is no flight is left out, and counted.
  { poison: "skip" },
)

/** A row for each hour of an airport: when it is given again, the newer one takes its place. */
export const delaysTable = table("hourly_delays", {
  from: delays,
  columns: { origin: "string", windowStart: "timestamp", flights: "int", delay: "double", worst: "int" },
  time: "windowStart",
  primaryKey: ["origin", "windowStart"],
  upsert: { compare: "windowStart" },
})

export default defineApp("flights", {
  topics: [flights],
  tables: [flightsTable, delaysTable],
  jobs: [hourlyDelays],
})
