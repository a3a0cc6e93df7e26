import {
  boundedOutOfOrderness,
  count,
  countDistinct,
  countIf,
  defineApp,
  defineJob,
  from,
  sum,
  table,
  topic,
  tumbling,
} from "millrace"
import * as z from "zod"

/** Something that an ad did. The same event may come more than once, and long after it happened. */
const AdEvent = z.object({
  eventId: z.string(),
  adId: z.string(),
  userId: z.string(),
  type: z.enum(["impression", "click", "heartbeat"]),
  /** What the advertiser pays for it, millionths of a dollar. */
  costMicros: z.int(),
  /** Epoch ms. */
  occurredAt: z.int(),
})

/** What an ad did in one minute. */
const AdStats = z.object({
  adId: z.string(),
  windowStart: z.int(),
  windowEnd: z.int(),
  /** How many events are in it: a later row of the same minute has more. */
  events: z.int(),
  impressions: z.int(),
  clicks: z.int(),
  spendMicros: z.int(),
  /** Different ones. */
  users: z.int(),
})

export const adEvents = topic("ad-events", {
  schema: AdEvent,
  key: "adId",
  eventTime: "occurredAt",
  partitions: 4,
  retention: "7d",
})

/** Events that came too late for their minute. */
export const lateAdEvents = topic("ad-events-late", { schema: AdEvent, key: "adId" })

export const adStatsTopic = topic("ad-stats", { schema: AdStats, key: "adId" })

/** Each event once, minute by minute; a minute that late events change is given again, whole. */
export const adStats = defineJob(
  "ad-stats",
  () =>
    from(adEvents, { startingOffsets: "earliest", watermark: boundedOutOfOrderness("5s") })
      .filter(event => event.type !== "heartbeat")
      .keyBy("adId")
      .deduplicate(event => event.eventId, { ttl: "1h" })
      .window(tumbling("1m"), { allowedLateness: "10s", lateTo: lateAdEvents })
      .aggregate({
        events: count(),
        impressions: countIf(event => event.type === "impression"),
        clicks: countIf(event => event.type === "click"),
        spendMicros: sum(event => event.costMicros),
        users: countDistinct(event => event.userId),
      })
      .to(adStatsTopic),
  { parallelism: "per-partition" },
)

/** A row for each minute of an ad: when late events change it, the one that is given again takes its place. */
export const adStatsTable = table("ad_stats", {
  from: adStatsTopic,
  columns: {
    adId: "string",
    windowStart: "timestamp",
    events: "long",
    impressions: "long",
    clicks: "long",
    users: "long",
    spend: { type: "decimal", sql: "spendMicros / 1000000" },
  },
  time: "windowStart",
  sort: ["adId", "windowStart"],
  primaryKey: ["adId", "windowStart"],
  upsert: { compare: "windowStart" },
  indexes: { adId: ["bloom"] },
})

export default defineApp("ads", {
  topics: [adEvents, lateAdEvents, adStatsTopic],
  tables: [adStatsTable],
  jobs: [adStats],
})
