import { defineApp, table, topic } from "millrace"
import * as z from "zod"

const Event = z.object({ id: z.int(), text: z.string() })
const columns = { id: "long", text: "string" } as const

// Each topic has a table, as most have: its share is the builder's.
const one = topic("one", { schema: Event, partitions: 1 })
const four = topic("four", { schema: Event, partitions: 4 })
const sixteen = topic("sixteen", { schema: Event, partitions: 16 })

export default defineApp("cost", {
  topics: [one, four, sixteen],
  tables: [
    table("one", { from: one, columns }),
    table("four", { from: four, columns }),
    table("sixteen", { from: sixteen, columns }),
  ],
})
