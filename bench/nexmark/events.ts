import { JavaRandom } from "./java-random.ts"

// Nexmark's events as Apache Beam's generator makes them (sdks/java/testing/nexmark): each is drawn from
// java.util.Random seeded with the event's number, so that anybody gets the same.

export interface Person {
  readonly id: number
  readonly name: string
  readonly emailAddress: string
  readonly creditCard: string
  readonly city: string
  readonly state: string
  readonly dateTime: number
  readonly extra: string
}

export interface Auction {
  readonly id: number
  readonly itemName: string
  readonly description: string
  readonly initialBid: number
  readonly reserve: number
  readonly dateTime: number
  readonly expires: number
  readonly seller: number
  readonly category: number
  readonly extra: string
}

export interface Bid {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly dateTime: number
  readonly extra: string
}

/** One event: one of the three. Times are epoch ms. */
export interface NexmarkEvent {
  readonly person?: Person
  readonly auction?: Auction
  readonly bid?: Bid
}

/** Beam's defaults, but for what is said. */
export interface EventOptions {
  /** The first event's time, epoch ms: Beam's. */
  readonly baseTimeMs?: number
  /** Events a second of event time, all from one generator. Default 10,000. */
  readonly rate?: number
  /** Events that lie in an order of their own among so many. 1: in order. */
  readonly outOfOrderGroup?: number
}

const BASE_TIME_MS = Date.UTC(2015, 6, 15)
const RATE = 10_000

const PEOPLE = 1
const AUCTIONS = 3
const ROUND = 50
const FIRST_ID = 1000
const FIRST_CATEGORY = 10
const CATEGORIES = 5
const HOT_SELLERS = 4
const HOT_AUCTIONS = 2
const HOT_BIDDERS = 4
/** The hot one of so many is the first; a hot bidder the second. */
const HOT_AMONG = 100
const AUCTIONS_IN_FLIGHT = 100
const PEOPLE_ACTIVE = 1000
/** Ids that are not given yet are named too, so far ahead. */
const LEAD = 10
const PERSON_BYTES = 200
const AUCTION_BYTES = 500
const BID_BYTES = 100

const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"]
const CITIES = [
  "Phoenix",
  "Los Angeles",
  "San Francisco",
  "Boise",
  "Portland",
  "Bend",
  "Redmond",
  "Seattle",
  "Kent",
  "Cheyenne",
]
const FIRST_NAMES = [
  "Peter",
  "Paul",
  "Luke",
  "John",
  "Saul",
  "Vicky",
  "Kate",
  "Julie",
  "Sarah",
  "Deiter",
  "Walter",
]
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"]

/** Makes the events one after the other. */
export class EventGenerator {
  readonly #baseTimeMs: number
  readonly #delayUs: number
  readonly #group: number
  readonly #random = new JavaRandom(0)
  #made = 0

  constructor(options: EventOptions = {}) {
    this.#baseTimeMs = options.baseTimeMs ?? BASE_TIME_MS
    this.#delayUs = Math.floor((1_000_000 + (options.rate ?? RATE) / 2) / (options.rate ?? RATE))
    this.#group = options.outOfOrderGroup ?? 1
  }

  /** The next event and its time, epoch ms. */
  next(): { readonly event: NexmarkEvent; readonly timestamp: number } {
    const number = this.#made++
    const group = this.#group
    const id = number - (number % group) + ((number * 953) % group)
    const timestamp = this.#timeOf(id)
    this.#random.seed(id)
    const place = id % ROUND
    if (place < PEOPLE) return { event: { person: this.#person(id, timestamp) }, timestamp }
    if (place < PEOPLE + AUCTIONS) return { event: { auction: this.#auction(id, timestamp) }, timestamp }
    return { event: { bid: this.#bid(id, timestamp) }, timestamp }
  }

  #timeOf(number: number): number {
    return this.#baseTimeMs + Math.floor((number * this.#delayUs) / 1000)
  }

  #person(id: number, dateTime: number): Person {
    const random = this.#random
    const name = `${this.#oneOf(FIRST_NAMES)} ${this.#oneOf(LAST_NAMES)}`
    const emailAddress = `${this.#text(7)}@${this.#text(5)}.com`
    const creditCard = Array.from({ length: 4 }, () => String(random.intBelow(10_000)).padStart(4, "0")).join(
      " ",
    )
    const city = this.#oneOf(CITIES)
    const state = this.#oneOf(STATES)
    const size = 8 + name.length + emailAddress.length + creditCard.length + city.length + state.length
    const extra = this.#extra(size, PERSON_BYTES)
    return { id: lastPerson(id) + FIRST_ID, name, emailAddress, creditCard, city, state, dateTime, extra }
  }

  #auction(id: number, dateTime: number): Auction {
    const random = this.#random
    const isHot = random.intBelow(HOT_SELLERS) > 0
    const last = lastPerson(id)
    const seller = (isHot ? last - (last % HOT_AMONG) : this.#anyPerson(id)) + FIRST_ID
    const category = FIRST_CATEGORY + random.intBelow(CATEGORIES)
    const initialBid = this.#price()
    const ahead = Math.floor((AUCTIONS_IN_FLIGHT * ROUND) / AUCTIONS)
    const horizonMs = this.#timeOf(id + ahead) - dateTime
    const expires = dateTime + 1 + random.intBelow(Math.max(horizonMs * 2, 1))
    const itemName = this.#text(20)
    const description = this.#text(100)
    const reserve = initialBid + this.#price()
    const extra = this.#extra(8 + itemName.length + description.length + 5 * 8, AUCTION_BYTES)
    const own = lastAuction(id) + FIRST_ID
    return { id: own, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra }
  }

  #bid(id: number, dateTime: number): Bid {
    const random = this.#random
    const isHotAuction = random.intBelow(HOT_AUCTIONS) > 0
    const last = lastAuction(id)
    const auction = (isHotAuction ? last - (last % HOT_AMONG) : this.#anyAuction(id)) + FIRST_ID
    const isHotBidder = random.intBelow(HOT_BIDDERS) > 0
    const person = lastPerson(id)
    const bidder = (isHotBidder ? person - (person % HOT_AMONG) + 1 : this.#anyPerson(id)) + FIRST_ID
    const price = this.#price()
    return { auction, bidder, price, dateTime, extra: this.#extra(4 * 8, BID_BYTES) }
  }

  #anyPerson(id: number): number {
    const people = lastPerson(id) + 1
    const active = Math.min(people, PEOPLE_ACTIVE)
    return people - active + this.#random.intBelow(active + LEAD)
  }

  #anyAuction(id: number): number {
    const last = lastAuction(id)
    const first = Math.max(last - AUCTIONS_IN_FLIGHT, 0)
    return first + this.#random.intBelow(last - first + 1 + LEAD)
  }

  #price(): number {
    return Math.round(10 ** (this.#random.double() * 6) * 100)
  }

  #oneOf(texts: readonly string[]): string {
    return texts[this.#random.intBelow(texts.length)] as string
  }

  /** Letters and a few spaces, trimmed. */
  #text(lengthMax: number): string {
    const random = this.#random
    let text = ""
    for (let left = 3 + random.intBelow(lengthMax - 3); left > 0; left--) {
      text += random.intBelow(13) === 0 ? " " : String.fromCharCode(97 + random.intBelow(26))
    }
    return text.trim()
  }

  /** Fills an event up to about its size; `%` of negative numbers puts signs and capitals among the letters, as in Java. */
  #extra(size: number, average: number): string {
    if (size > average) return ""
    const random = this.#random
    const rest = average - size
    const delta = Math.round(rest * 0.2)
    let left = rest - delta + (delta === 0 ? 0 : random.intBelow(2 * delta))
    const codes: number[] = []
    let drawn = 0
    for (let kept = 0; left > 0; left--, kept--) {
      if (kept === 0) {
        drawn = random.int()
        kept = 6
      }
      codes.push(97 + (drawn % 26))
      drawn = Math.trunc(drawn / 26)
    }
    return String.fromCharCode(...codes)
  }
}

/** The last person made up to event `id`, from 0 on. */
function lastPerson(id: number): number {
  return Math.floor(id / ROUND) * PEOPLE + Math.min(id % ROUND, PEOPLE - 1)
}

/** The last auction made up to event `id`, from 0 on. */
function lastAuction(id: number): number {
  const round = Math.floor(id / ROUND)
  const place = id % ROUND
  if (place < PEOPLE) return (round - 1) * AUCTIONS + AUCTIONS - 1
  return round * AUCTIONS + Math.min(place - PEOPLE, AUCTIONS - 1)
}
