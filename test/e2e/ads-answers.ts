import { expect } from "vitest"
import type { AdEvent } from "../../examples/ads/events.ts"
import type { Entry } from "../../examples/ads/ledger.ts"
import type { Client } from "./client.ts"

/** Events that the job set aside as too late, each of them once. */
export async function lateEvents(client: Client): Promise<ReadonlySet<string>> {
  const path = "/topics/ad-events-late/partitions/0/records?offset=0&timeout=0&max_bytes=4000000"
  const ids: string[] = (await client.call(`GET ${path}`)).json.map(
    ({ value }: { value: AdEvent }) => value.eventId,
  )
  expect(new Set(ids).size).toBe(ids.length)
  return new Set(ids)
}

/** Results that the job gave, those that later ones replaced among them, each by ad, minute and how many events it has. */
export async function givenResults(client: Client): Promise<readonly string[]> {
  const path = "/topics/ad-stats/partitions/0/records?offset=0&timeout=0&max_bytes=4000000"
  return (await client.call(`GET ${path}`)).json.map(
    ({ value }: { value: Entry }) => `${value.adId} ${value.windowStart} ${value.events}`,
  )
}

/** The row of each minute that began before a time, in the ledger's form. */
export async function statsOf(client: Client, before: number): Promise<readonly Entry[]> {
  const rows = await client.rows(
    `SELECT adId, epoch_ms(windowStart), events, impressions, clicks, spend * 1000000, users FROM ad_stats
       ORDER BY adId, windowStart LIMIT 100000`,
  )
  return rows
    .map(([adId, windowStart, events, impressions, clicks, spendMicros, users]) => ({
      adId: String(adId),
      windowStart: Number(windowStart),
      events: Number(events),
      impressions: Number(impressions),
      clicks: Number(clicks),
      spendMicros: Number(spendMicros),
      users: Number(users),
    }))
    .filter(({ windowStart }) => windowStart < before)
}

/** An event of each ad, long after all others: every minute before it is over. */
export function lastEvents(events: readonly AdEvent[]): readonly AdEvent[] {
  const after = Math.max(...events.map(({ occurredAt }) => occurredAt)) + 3_600_000
  const ads = [...new Set(events.map(({ adId }) => adId))]
  return ads.map(adId => {
    const shared = { userId: "nobody", type: "impression", costMicros: 0, occurredAt: after } as const
    return { eventId: `last-${adId}`, adId, ...shared }
  })
}
