import { readHybrid, type Unpacked } from "./hybrid.ts"
import { ENCODING, type Page } from "./page.ts"

/** Whether the page holds ids of the dictionary's values. */
export const isById = ({ encoding }: Page): boolean =>
  encoding === ENCODING.dictionary || encoding === ENCODING.plainDictionary

/** Room for ids of so many values. */
export function newIds(values: number, slots: number): Unpacked {
  return values <= 0x100
    ? new Uint8Array(slots)
    : values <= 0x10000
      ? new Uint16Array(slots)
      : new Uint32Array(slots)
}

/** A page's ids into `ids` from `at` on. */
export function readIds(page: Page, ids: Unpacked, at: number, places: Uint32Array | undefined): void {
  const { data, slots } = page
  const count = places?.length ?? slots
  if (count === 0) return
  const bits = data[0]!
  if (places === undefined) {
    readHybrid(data, 1, data.length, bits, ids, at, count)
    return
  }
  const dense = new Uint32Array(count)
  readHybrid(data, 1, data.length, bits, dense, 0, count)
  for (let index = 0; index < count; index++) ids[at + places[index]!] = dense[index]!
}
