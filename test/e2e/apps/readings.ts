import { defineApp, table, topic } from "millrace"
import * as z from "zod"

const Reading = z.object({ sensor: z.string(), n: z.int() })

/** Keyed, so that its records spread over four partitions. */
const readings = topic("readings", { schema: Reading, key: "sensor", partitions: 4 })

const readingsTable = table("readings", { from: readings, columns: { sensor: "string", n: "long" } })

export default defineApp("readings", { topics: [readings], tables: [readingsTable] })
