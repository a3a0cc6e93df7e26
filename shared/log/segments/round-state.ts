import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"

const ROUND_KEY = { pk: "keeping", sk: "log" }
const ROUND_FORMAT = 1

/** How far the round through all partitions is, wherever its steps run. */
export interface RoundState {
  /** Store time at which the present round, or the last one, began, epoch ms. */
  readonly began: number
  /** Store time from which the next one may begin, epoch ms. */
  readonly next: number
  /** Partitions up to this one (topic id and partition) are done; undefined: the round is over. */
  readonly after: string | undefined
  /** The least commit time of a slot that is not rolled up so far, or `began`; 0: unknown, nothing may be collected. */
  readonly boundary: number
  /** The boundary that the last whole round came to. */
  readonly walBoundary: number
  /** Store time at which flush objects were last collected, epoch ms. */
  readonly choresAt: number
  /** The last object that was looked at of segments and snapshots; undefined: none is under way. */
  readonly orphansAfter: string | undefined
}

export interface RoundRead {
  readonly state: RoundState
  readonly version: string | undefined
  /** Store time of the read, epoch ms. */
  readonly date: number
}

const NO_ROUND: RoundState = {
  began: 0,
  next: 0,
  after: undefined,
  boundary: 0,
  walBoundary: 0,
  choresAt: 0,
  orphansAfter: undefined,
}

type RoundPorts = Pick<Ports, "meta" | "clock" | "random">

/** Throws `StorageError`. An item of another format is taken for none: a round begins anew. */
export async function readRound(ports: RoundPorts): Promise<RoundRead> {
  const { item, date } = await readAgain(ports, () => ports.meta.get("meta", ROUND_KEY))
  if (item === undefined || item.fields.v !== ROUND_FORMAT) {
    return { state: NO_ROUND, version: item?.version, date }
  }
  const { began, next, after, boundary, walBoundary, choresAt, orphansAfter } = item.fields
  const state: RoundState = {
    began: Number(began),
    next: Number(next),
    after: after as string | undefined,
    boundary: Number(boundary),
    walBoundary: Number(walBoundary),
    choresAt: Number(choresAt),
    orphansAfter: orphansAfter as string | undefined,
  }
  return { state, version: item.version, date }
}

/** Notes how far the round is; undefined: somebody else is at it, or the store does not answer. */
export async function writeRound(
  ports: RoundPorts,
  before: RoundRead,
  state: RoundState,
): Promise<RoundRead | undefined> {
  const { after, orphansAfter, ...numbers } = state
  const fields = {
    v: ROUND_FORMAT,
    ...numbers,
    ...(after === undefined ? {} : { after }),
    ...(orphansAfter === undefined ? {} : { orphansAfter }),
  }
  const item: Item = { ...ROUND_KEY, version: ports.random.id(), fields }
  const condition = before.version === undefined ? ({ absent: true } as const) : { version: before.version }
  const options = { condition, notAfter: notAfter(before.date) }
  const settled = await settlePut(ports, "meta", item, options)
  if (settled.outcome !== "committed") return undefined
  return { state, version: item.version, date: settled.date }
}
