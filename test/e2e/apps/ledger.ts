import { defineApp, table, topic } from "millrace"
import * as z from "zod"

/** One record of a lane, which is one producer's sequence on one partition. */
const Entry = z.object({ lane: z.string(), n: z.int(), pad: z.string() })

const entries = topic("entries", { schema: Entry, partitions: 4 })

const ledger = table("ledger", { from: entries, columns: { lane: "string", n: "int", pad: "string" } })

export default defineApp("ledger", { topics: [entries], tables: [ledger] })
