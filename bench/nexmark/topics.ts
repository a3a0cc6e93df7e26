import { z } from "zod"
import { topic } from "../../shared/definition/topic.ts"

const person = z.object({
  id: z.number(),
  name: z.string(),
  emailAddress: z.string(),
  creditCard: z.string(),
  city: z.string(),
  state: z.string(),
  dateTime: z.number(),
  extra: z.string(),
})

const auction = z.object({
  id: z.number(),
  itemName: z.string(),
  description: z.string(),
  initialBid: z.number(),
  reserve: z.number(),
  dateTime: z.number(),
  expires: z.number(),
  seller: z.number(),
  category: z.number(),
  extra: z.string(),
})

const bid = z.object({
  auction: z.number(),
  bidder: z.number(),
  price: z.number(),
  dateTime: z.number(),
  extra: z.string(),
})

const window = { windowStart: z.number(), windowEnd: z.number() }
const compacted = { config: { "cleanup.policy": "compact" } }

/** What the queries read: one event a record. */
export const events = topic("events", {
  schema: z.object({ person: person.optional(), auction: auction.optional(), bid: bid.optional() }),
})

/** Records that came too late for their windows. */
export const late = topic("late", { schema: bid })
export const bids = topic("bids", { schema: bid })
export const picked = topic("picked", { schema: z.object({ auction: z.number(), price: z.number() }) })
export const hot = topic("hot", { schema: z.object({ auction: z.number(), num: z.number(), ...window }) })
export const perBidder = topic("per-bidder", {
  schema: z.object({ bidder: z.number(), bids: z.number(), ...window }),
})
export const calculated = topic("calculated", {
  schema: bid
    .omit({ dateTime: true })
    .extend({ time: z.string(), dateTime: z.number(), letters: z.number() }),
})
export const perDay = topic("per-day", {
  schema: z.object({
    auction: z.number(),
    day: z.string(),
    bids: z.number(),
    low: z.number(),
    middle: z.number(),
    high: z.number(),
    least: z.number().nullable(),
    most: z.number().nullable(),
    mean: z.number().nullable(),
    total: z.number(),
  }),
  ...compacted,
})
export const ranked = topic("ranked", { schema: bid.extend({ rank: z.number() }), ...compacted })
