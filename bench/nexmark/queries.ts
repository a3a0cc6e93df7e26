import {
  aggregator,
  avg,
  count,
  countIf,
  max,
  min,
  sum,
} from "../../shared/definition/job/builtin-aggregators.ts"
import { defineJob, type Job } from "../../shared/definition/job/job.ts"
import { from } from "../../shared/definition/job/source.ts"
import type { Stream } from "../../shared/definition/job/stream.ts"
import { boundedOutOfOrderness } from "../../shared/definition/job/watermarks.ts"
import { hopping, session, tumbling } from "../../shared/definition/job/windows.ts"
import type { Bid, NexmarkEvent } from "./events.ts"
import * as topics from "./topics.ts"

// Nexmark's queries that one stage can compute, as jobs. Each reads events and takes the bids out of them, as the
// benchmark's own views do.

/** How late an event may come, as in the benchmark's own definition of its source. */
export const WATERMARK_DELAY_MS = 4_000

const HOP_MS = 10_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const isBid = (event: NexmarkEvent): event is NexmarkEvent & { readonly bid: Bid } => event.bid !== undefined

function bidsOf(): Stream<Bid> {
  return from(topics.events, { watermark: boundedOutOfOrderness("4s") })
    .filter(isBid)
    .map(event => event.bid)
}

const q0 = defineJob("q0", () => bidsOf().to(topics.bids))

const q1 = defineJob("q1", () =>
  bidsOf()
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: price * 0.908,
      dateTime,
      extra,
    }))
    .to(topics.bids),
)

const q2 = defineJob("q2", () =>
  bidsOf()
    .filter(bid => bid.auction % 123 === 0)
    .map(({ auction, price }) => ({ auction, price }))
    .to(topics.picked),
)

interface PerWindow {
  readonly auction: number
  readonly num: number
}

/** The auctions with the most bids; several where they have as many. */
const hottest = aggregator({
  create: (): { num: number; auctions: number[] } => ({ num: 0, auctions: [] }),
  add(best, { auction, num }: PerWindow) {
    if (num > best.num) return { num, auctions: [auction] }
    if (num === best.num) best.auctions.push(auction)
    return best
  },
  merge(left, right) {
    if (left.num !== right.num) return left.num > right.num ? left : right
    return { num: left.num, auctions: [...left.auctions, ...right.auctions] }
  },
  result: best => best,
})

const q5 = defineJob("q5", () =>
  bidsOf()
    .keyBy("auction")
    .window(hopping("10s", "2s"), { lateTo: topics.late, uid: "bids" })
    .aggregate({ num: count() })
    .keyBy("windowEnd")
    .window(tumbling("2s"), { uid: "hottest" })
    .aggregate({ best: hottest })
    .flatMap(({ windowEnd, best }) =>
      best.auctions.map(auction => ({
        auction,
        num: best.num,
        windowStart: windowEnd - HOP_MS,
        windowEnd,
      })),
    )
    .to(topics.hot),
)

const q7 = defineJob("q7", () =>
  bidsOf()
    .keyByFn(() => 0)
    .window(tumbling("10s"), { lateTo: topics.late })
    .reduce((kept, next) => (next.price > kept.price ? next : kept))
    .to(topics.bids),
)

const q11 = defineJob("q11", () =>
  bidsOf()
    .keyBy("bidder")
    .window(session("10s"), { lateTo: topics.late })
    .aggregate({ bids: count() })
    .to(topics.perBidder),
)

const q12 = defineJob("q12", () =>
  bidsOf()
    .keyBy("bidder")
    .window(tumbling("10s", { time: "processing" }))
    .aggregate({ bids: count() })
    .to(topics.perBidder),
)

function timeOfDay(time: number): string {
  const hour = Math.floor((time % DAY_MS) / HOUR_MS)
  if (hour >= 8 && hour <= 18) return "dayTime"
  return hour <= 6 || hour >= 20 ? "nightTime" : "otherTime"
}

function letters(text: string): number {
  let found = 0
  for (let at = text.indexOf("c"); at >= 0; at = text.indexOf("c", at + 1)) found++
  return found
}

const q14 = defineJob("q14", () =>
  bidsOf()
    .filter(({ price }) => price * 0.908 > 1_000_000 && price * 0.908 < 50_000_000)
    .map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: price * 0.908,
      time: timeOfDay(dateTime),
      dateTime,
      extra,
      letters: letters(extra),
    }))
    .to(topics.calculated),
)

/** Dates by day: few of them, and making one takes long. */
const days = new Map<number, string>()

function dayOf(time: number): string {
  const number = Math.floor(time / DAY_MS)
  let day = days.get(number)
  if (day === undefined) {
    day = new Date(time).toISOString().slice(0, 10)
    days.set(number, day)
  }
  return day
}

const q17 = defineJob("q17", () =>
  bidsOf()
    .map(({ auction, price, dateTime }) => ({ auction, day: dayOf(dateTime), price }))
    .keyBy("auction", "day")
    .aggregate({
      bids: count(),
      low: countIf(({ price }) => price < 10_000),
      middle: countIf(({ price }) => price >= 10_000 && price < 1_000_000),
      high: countIf(({ price }) => price >= 1_000_000),
      least: min(({ price }) => price),
      most: max(({ price }) => price),
      mean: avg(({ price }) => price),
      total: sum(({ price }) => price),
    })
    .toCompacted(topics.perDay),
)

const q18 = defineJob("q18", () =>
  bidsOf()
    .keyBy("bidder", "auction")
    .topN(1, { by: bid => bid.dateTime })
    .toCompacted(topics.ranked),
)

const q19 = defineJob("q19", () =>
  bidsOf()
    .keyBy("auction")
    .topN(10, { by: bid => bid.price })
    .toCompacted(topics.ranked),
)

export const queries: Readonly<Record<string, Job>> = { q0, q1, q2, q5, q7, q11, q12, q14, q17, q18, q19 }
