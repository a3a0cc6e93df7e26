import { notAfter } from "../../storage/not-after.ts"
import type { Ports } from "../../storage/time.ts"
import type { ListPointer, Manifest } from "../manifest/manifest.ts"
import { commitManifest, readList, readManifest } from "../manifest/manifest-store.ts"
import { encodeList, LIST_SEGMENTS_MAX } from "../manifest/segment-list.ts"
import { encodePointer, listKey, type SegmentPointer } from "../segment/segment-key.ts"

export type MaintainPorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/** Where a manifest's segments stand: in lists, and beside them. */
export interface Layout {
  readonly lists: readonly ListPart[]
  readonly segments: readonly SegmentPointer[]
}

/** A list as it stands, or the segments of one that is to be written. */
type ListPart =
  | { readonly pointer: ListPointer; readonly segments: readonly SegmentPointer[] }
  | { readonly segments: readonly SegmentPointer[] }

/** A change of what a manifest names. */
export interface Edit {
  /** The layout once it is made; undefined: it has lost its sense. Pure. */
  readonly edit: (layout: Layout) => Layout | undefined
  /** Whether it is made already, by a write of ours whose outcome was unknown. */
  readonly isMade: (layout: Layout) => boolean
  /** What changes with it; called anew for each manifest that it is tried on. */
  readonly also?: (manifest: Manifest) => Partial<Manifest>
  /** Store time, epoch ms, after which what it brings may not be named any more. */
  readonly until: number
}

/**
 * `gone`: the inputs do not stand any more as they were, so that the output is garbage. `lost`: others wrote all the
 * time, or the outcome is unknown: look again.
 */
export type Replaced = "replaced" | "gone" | "closed" | "lost"

/** Builders write every few seconds at the most, and a write takes a fraction of one. */
const TRIES = 8

/**
 * Changes what a manifest names, wherever that stands in item and lists, on condition of the manifest's version. Refused,
 * it reads again and goes on as long as the change makes sense: what was added beside it stays. Throws `StorageError`.
 */
export async function editSegments(
  ports: MaintainPorts,
  { tableId, partition }: Pick<Manifest, "tableId" | "partition">,
  { edit, isMade, also, until }: Edit,
): Promise<Replaced> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { manifest, date } = await readManifest(ports, tableId, partition)
    if (manifest === undefined || manifest.closed) return "closed"
    const layout = await layoutOf(ports, manifest)
    if (tries > 0 && isMade(layout)) return "replaced"
    const next = edit(layout)
    if (next === undefined) return "gone"
    const stored = await storeLists(ports, manifest, next.lists, date)
    if (stored === undefined) return "lost"
    const moved = { ...manifest, lists: stored.lists, segments: next.segments }
    const to = { ...moved, ...also?.(manifest), version: ports.random.id() }
    const latest = Math.min(notAfter(date, stored.uploads), until)
    if ((await commitManifest(ports, manifest, to, latest)) === "committed") return "replaced"
  }
  return "lost"
}

async function layoutOf(ports: MaintainPorts, manifest: Manifest): Promise<Layout> {
  const lists = await Promise.all(
    manifest.lists.map(async pointer => ({ pointer, segments: await readList(ports, manifest, pointer) })),
  )
  return { lists, segments: manifest.segments }
}

/** Stores the lists that are not yet. Undefined: an upload failed, or may have. */
async function storeLists(
  ports: MaintainPorts,
  { tableId, partition }: Pick<Manifest, "tableId" | "partition">,
  parts: readonly ListPart[],
  date: number,
): Promise<{ readonly lists: readonly ListPointer[]; readonly uploads: readonly number[] } | undefined> {
  const lists: ListPointer[] = []
  const uploads: number[] = []
  for (const part of parts) {
    if ("pointer" in part) {
      lists.push(part.pointer)
      continue
    }
    const pointer = listOf(part.segments, ports.random.id())
    const options = { ifAbsent: true, notAfter: notAfter(date, uploads) }
    const put = await ports.objects.put(
      listKey(tableId, partition, pointer),
      encodeList(part.segments),
      options,
    )
    if (put.outcome !== "committed") return undefined
    uploads.push(put.date)
    lists.push(pointer)
  }
  return { lists, uploads }
}

function listOf(segments: readonly SegmentPointer[], id: string): ListPointer {
  return {
    base: segments[0]!.base,
    next: segments.at(-1)!.next,
    id,
    segments: segments.length,
    rows: segments.reduce((sum, { rows }) => sum + rows, 0),
  }
}

const sameBytes = (a: SegmentPointer, b: SegmentPointer) =>
  JSON.stringify(encodePointer(a)) === JSON.stringify(encodePointer(b))

/** Puts an output (undefined: nothing) in the place of neighbours, where they still stand one after the other. */
export function replacement(
  inputs: readonly SegmentPointer[],
  output: SegmentPointer | undefined,
  listSegmentsMax: number = LIST_SEGMENTS_MAX,
): Pick<Edit, "edit" | "isMade"> {
  return {
    edit: layout => replaced(layout, inputs, output, listSegmentsMax),
    isMade: ({ lists, segments }) =>
      output !== undefined &&
      [...lists.flatMap(list => list.segments), ...segments].some(one => sameBytes(one, output)),
  }
}

function replaced(
  { lists, segments }: Layout,
  inputs: readonly SegmentPointer[],
  output: SegmentPointer | undefined,
  listSegmentsMax: number,
): Layout | undefined {
  const parts: readonly ListPart[] = [...lists, { segments }]
  const all = parts.flatMap(({ segments: of }, part) => of.map(segment => ({ segment, part })))
  const from = all.findIndex(({ segment }) => segment.id === inputs[0]?.id)
  const standing = all.slice(from, from + inputs.length)
  if (from < 0 || standing.length < inputs.length) return undefined
  if (!standing.every(({ segment }, at) => segment.id === inputs[at]!.id)) return undefined
  // What changes a pointer alone must not take back what another has changed of it.
  const isSame = output?.id === inputs[0]!.id
  if (isSame && !sameBytes(standing[0]!.segment, inputs[0]!)) return undefined
  const first = standing[0]!.part
  const last = standing.at(-1)!.part
  const gone = new Set(inputs.map(({ id }) => id))
  const changed = parts.map(({ segments: of }, part) => {
    if (part < first || part > last) return of
    const kept = of.filter(({ id }) => !gone.has(id))
    if (part !== first || output === undefined) return kept
    const at = of.findIndex(({ id }) => gone.has(id))
    return kept.toSpliced(at, 0, output)
  })
  const touched = changed.slice(first, Math.min(last + 1, lists.length)).flat()
  const rewritten: ListPart[] = []
  for (let at = 0; at < touched.length; at += listSegmentsMax) {
    rewritten.push({ segments: touched.slice(at, at + listSegmentsMax) })
  }
  return {
    lists: [...lists.slice(0, first), ...rewritten, ...lists.slice(last + 1)],
    segments: changed.at(-1)!,
  }
}

/** Lists that one removal writes anew: more take another. */
const LISTS_REMOVED_FROM_MAX = 8

/** Takes segments away, wherever they stand; of many, a part. */
export function removal(gone: readonly SegmentPointer[]): Pick<Edit, "edit" | "isMade"> {
  const ids = new Set(gone.map(({ id }) => id))
  const isGone = ({ id }: SegmentPointer) => ids.has(id)
  return {
    edit({ lists, segments }) {
      let touched = 0
      const kept = lists.flatMap((list): ListPart[] => {
        if (!list.segments.some(isGone) || touched === LISTS_REMOVED_FROM_MAX) return [list]
        touched++
        const rest = list.segments.filter(segment => !isGone(segment))
        return rest.length === 0 ? [] : [{ segments: rest }]
      })
      return { lists: kept, segments: segments.filter(segment => !isGone(segment)) }
    },
    isMade: () => false,
  }
}
