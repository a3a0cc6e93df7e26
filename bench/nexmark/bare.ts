import { RecordCursor } from "../../shared/log/records/index.ts"
import type { Bid, NexmarkEvent } from "./events.ts"

// What the jobs are measured beside: the same queries by hand, in one loop. Batches are decoded, records parsed, Maps have
// text as keys; results are objects in an array. It forgets everything when it ends: no log, no commits, no state kept.

interface BareQuery {
  bid(bid: Bid): void
  /** After each batch of work. */
  batchEnd?(watermark: number): void
}

const decoder = new TextDecoder()

/** Runs a query over batches of work; returns how many results there are. */
export function runBare(name: string, work: readonly (readonly Uint8Array[])[], delayMs: number): number {
  const out: unknown[] = []
  let results = 0
  const query = (bare[name] as (out: unknown[]) => BareQuery)(out)
  let highest = Number.NEGATIVE_INFINITY
  for (const batches of work) {
    for (const batch of batches) {
      const cursor = new RecordCursor(batch)
      while (cursor.next()) {
        const text = decoder.decode(cursor.buffer.subarray(cursor.valueStart, cursor.valueEnd))
        const event = JSON.parse(text) as NexmarkEvent
        if (cursor.timestamp > highest) highest = cursor.timestamp
        if (event.bid !== undefined) query.bid(event.bid)
      }
    }
    query.batchEnd?.(highest - delayMs - 1)
    results += out.length
    out.length = 0
  }
  return results
}

type Counts = Map<string, number>
const addTo = (counts: Counts, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)

/** Counts by window's start, then key; `given` takes each window that has ended. */
function windows(sizeMs: number, given: (start: number, counts: Counts) => void) {
  const open = new Map<number, Counts>()
  return {
    count(start: number, key: string) {
      let counts = open.get(start)
      if (counts === undefined) {
        counts = new Map()
        open.set(start, counts)
      }
      addTo(counts, key)
    },
    fire(time: number) {
      for (const [start, counts] of open) {
        if (start + sizeMs - 1 > time) continue
        given(start, counts)
        open.delete(start)
      }
    },
  }
}

function hottest(out: unknown[]): BareQuery {
  const open = windows(10_000, (windowStart, counts) => {
    let num = 0
    for (const each of counts.values()) num = Math.max(num, each)
    for (const [auction, each] of counts) {
      if (each === num)
        out.push({ auction: Number(auction), num, windowStart, windowEnd: windowStart + 10_000 })
    }
  })
  return {
    bid({ auction, dateTime }) {
      const last = dateTime - (dateTime % 2_000)
      for (let start = last; start > dateTime - 10_000; start -= 2_000) open.count(start, `${auction}`)
    },
    batchEnd: watermark => open.fire(watermark),
  }
}

function highest(out: unknown[]): BareQuery {
  const open = new Map<string, Bid>()
  return {
    bid(bid) {
      const start = `${bid.dateTime - (bid.dateTime % 10_000)}`
      const kept = open.get(start)
      if (kept === undefined || bid.price > kept.price) open.set(start, bid)
    },
    batchEnd(watermark) {
      for (const [start, bid] of open) {
        if (Number(start) + 9_999 > watermark) continue
        out.push(bid)
        open.delete(start)
      }
    },
  }
}

function sessions(out: unknown[]): BareQuery {
  const open = new Map<string, { start: number; end: number; bids: number }>()
  const give = (key: string, { start, end, bids }: { start: number; end: number; bids: number }) =>
    out.push({ bidder: Number(key), bids, windowStart: start, windowEnd: end })
  return {
    bid({ bidder, dateTime }) {
      const key = `${bidder}`
      const session = open.get(key)
      if (session !== undefined && dateTime <= session.end) {
        session.bids++
        if (dateTime + 10_000 > session.end) session.end = dateTime + 10_000
        return
      }
      if (session !== undefined) give(key, session)
      open.set(key, { start: dateTime, end: dateTime + 10_000, bids: 1 })
    },
    batchEnd(watermark) {
      for (const [key, session] of open) {
        if (session.end - 1 > watermark) continue
        give(key, session)
        open.delete(key)
      }
    },
  }
}

function byClock(out: unknown[]): BareQuery {
  const open = windows(10_000, (windowStart, counts) => {
    for (const [bidder, bids] of counts) out.push({ bidder: Number(bidder), bids, windowStart })
  })
  let start = 0
  return {
    bid: ({ bidder }) => open.count(start, `${bidder}`),
    batchEnd() {
      start = Date.now() - (Date.now() % 10_000)
      open.fire(Date.now())
    },
  }
}

interface Day {
  bids: number
  low: number
  middle: number
  high: number
  least: number
  most: number
  total: number
}

function perDay(out: unknown[]): BareQuery {
  const days = new Map<string, Day>()
  const changed = new Set<string>()
  return {
    bid({ auction, price, dateTime }) {
      const key = `${auction}/${Math.floor(dateTime / 86_400_000)}`
      let day = days.get(key)
      if (day === undefined) {
        day = { bids: 0, low: 0, middle: 0, high: 0, least: price, most: price, total: 0 }
        days.set(key, day)
      }
      changed.add(key)
      day.bids++
      if (price < 10_000) day.low++
      else if (price < 1_000_000) day.middle++
      else day.high++
      if (price < day.least) day.least = price
      if (price > day.most) day.most = price
      day.total += price
    },
    batchEnd() {
      for (const key of changed) {
        const day = days.get(key) as Day
        out.push({ key, ...day, mean: day.total / day.bids })
      }
      changed.clear()
    },
  }
}

function lastBids(out: unknown[]): BareQuery {
  const last = new Map<string, Bid>()
  const changed = new Set<string>()
  return {
    bid(bid) {
      const key = `${bid.bidder}/${bid.auction}`
      const kept = last.get(key)
      if (kept !== undefined && kept.dateTime >= bid.dateTime) return
      last.set(key, bid)
      changed.add(key)
    },
    batchEnd() {
      for (const key of changed) out.push({ ...(last.get(key) as Bid), rank: 1 })
      changed.clear()
    },
  }
}

function topTen(out: unknown[]): BareQuery {
  const tops = new Map<string, Bid[]>()
  const changed = new Set<string>()
  return {
    bid(bid) {
      const key = `${bid.auction}`
      let top = tops.get(key)
      if (top === undefined) {
        top = []
        tops.set(key, top)
      }
      if (top.length === 10 && (top[9] as Bid).price >= bid.price) return
      let rank = top.length
      while (rank > 0 && (top[rank - 1] as Bid).price < bid.price) rank--
      top.splice(rank, 0, bid)
      if (top.length > 10) top.pop()
      changed.add(key)
    },
    batchEnd() {
      for (const key of changed) {
        for (const [index, bid] of (tops.get(key) as Bid[]).entries()) out.push({ ...bid, rank: index + 1 })
      }
      changed.clear()
    },
  }
}

function calculated(out: unknown[]): BareQuery {
  return {
    bid({ auction, bidder, price, dateTime, extra }) {
      const euros = price * 0.908
      if (euros <= 1_000_000 || euros >= 50_000_000) return
      const hour = Math.floor((dateTime % 86_400_000) / 3_600_000)
      const time = hour >= 8 && hour <= 18 ? "dayTime" : hour <= 6 || hour >= 20 ? "nightTime" : "otherTime"
      let letters = 0
      for (let at = extra.indexOf("c"); at >= 0; at = extra.indexOf("c", at + 1)) letters++
      out.push({ auction, bidder, price: euros, time, dateTime, extra, letters })
    },
  }
}

const bare: Readonly<Record<string, (out: unknown[]) => BareQuery>> = {
  q0: out => ({ bid: bid => out.push(bid) }),
  q1: out => ({
    bid({ auction, bidder, price, dateTime, extra }) {
      out.push({ auction, bidder, price: price * 0.908, dateTime, extra })
    },
  }),
  q2: out => ({
    bid({ auction, price }) {
      if (auction % 123 === 0) out.push({ auction, price })
    },
  }),
  q5: hottest,
  q7: highest,
  q11: sessions,
  q12: byClock,
  q14: calculated,
  q17: perDay,
  q18: lastBids,
  q19: topTen,
}
