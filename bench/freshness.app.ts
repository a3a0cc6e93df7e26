import { defineApp, table, topic } from "millrace"
import * as z from "zod"

const Event = z.object({ id: z.int(), user: z.string(), amount: z.int() })

const events = topic("events", { schema: Event })
const eventsTable = table("events", { from: events, columns: { id: "long", user: "string", amount: "long" } })

export default defineApp("freshness", { topics: [events], tables: [eventsTable] })
