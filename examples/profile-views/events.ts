// Members and the views of their profiles: seeded, so that every run has the same ones.

export interface ProfileView {
  readonly viewId: string
  readonly memberId: number
  readonly viewerId: number
  readonly source: "search" | "feed" | "message" | "company"
  readonly sections: readonly string[]
  readonly seconds: number
  readonly viewedAt: number
}

export interface Member {
  readonly memberId: number
  readonly name: string
  readonly company: string
  readonly industry: string
  readonly seniority: number
  readonly revision: number
  readonly closed: boolean
}

export interface ViewOptions {
  readonly count: number
  readonly members: number
  readonly seed?: number
  /** The first view's time, epoch ms. */
  readonly begin?: number
  /** From one view to the next, ms. */
  readonly everyMs?: number
}

const BEGIN = Date.UTC(2026, 10, 1)
const SOURCES = ["search", "feed", "message", "company"] as const
const SECTIONS = ["experience", "about", "skills", "posts", "education"] as const
const INDUSTRIES = ["software", "finance", "health", "logistics", "education", "energy"] as const
const FIRST = ["Ada", "Bo", "Chidi", "Dana", "Eun", "Farid", "Gül", "Hana", "Iván", "Jun"] as const
const LAST = ["Abe", "Bauer", "Cruz", "Diallo", "Eriksen", "Fofana", "Grünwald", "Haddad"] as const
/** Some profiles are viewed far more often than others. */
const POPULARITY = 2.5
const CHANGE_SHARE = 0.15
const CLOSED_SHARE = 0.01

/** Numbers from 0 up to 1 (mulberry32, Tommy Ettinger). */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <T>(next: () => number, list: readonly T[]): T => list[Math.floor(next() * list.length)] as T

/** Views in the order of time. */
export function* profileViews({
  count,
  members,
  seed = 1,
  begin = BEGIN,
  everyMs = 250,
}: ViewOptions): Generator<ProfileView> {
  const next = random(seed)
  for (let i = 0; i < count; i++) {
    const memberId = Math.floor(next() ** POPULARITY * members)
    const viewerId = Math.floor(next() * members)
    const first = Math.floor(next() * SECTIONS.length)
    const sections = SECTIONS.slice(first, first + 1 + Math.floor(next() * 3))
    yield {
      viewId: `v-${i}`,
      memberId,
      viewerId,
      source: pick(next, SOURCES),
      sections,
      seconds: 1 + Math.floor(next() ** 3 * 300),
      viewedAt: begin + i * everyMs,
    }
  }
}

/** A first revision of every member, and of some a second one; a few close their account. */
export function* members({
  count,
  seed = 7,
}: {
  readonly count: number
  readonly seed?: number
}): Generator<Member> {
  const next = random(seed)
  const memberOf = (memberId: number, revision: number): Member => ({
    memberId,
    name: `${pick(next, FIRST)} ${pick(next, LAST)}`,
    company: `company-${Math.floor(next() ** 2 * 400)}`,
    industry: pick(next, INDUSTRIES),
    seniority: Math.floor(next() * 10),
    revision,
    closed: false,
  })
  for (let id = 0; id < count; id++) yield memberOf(id, 1)
  for (let id = 0; id < count; id++) {
    const chance = next()
    if (chance < CHANGE_SHARE) yield memberOf(id, 2)
    if (chance < CLOSED_SHARE) yield { ...memberOf(id, 3), closed: true }
  }
}
