import { defineApp, table, topic } from "millrace"
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

export default defineApp("flights", { topics: [flights], tables: [flightsTable] })
