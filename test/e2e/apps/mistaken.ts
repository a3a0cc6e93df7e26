import { defineApp, table, topic } from "millrace"
import * as z from "zod"

const visits = topic("visits", { schema: z.object({ page: z.string(), at: z.int() }), partitions: 0 })

// @ts-expect-error the compiler finds one of the three
const pages = table("pages", { from: visits, columns: { page: "string", user: "string" }, where: "at >" })

export default defineApp("mistaken", { tables: [pages] })
