import { likeMatcher } from "./like.ts"

/** SQL's text functions; positions count code points from 1. */

/** DuckDB's substring: a negative start counts from the end, a negative length reaches backwards. */
export function substring(text: string, start: number, length: number | undefined): string {
  const points = isAscii(text) ? text : [...text]
  const size = points.length
  let from = start > 0 ? start - 1 : start < 0 ? size + start : -1
  let to = length === undefined ? size : from + length
  if (to < from) [from, to] = [to, from]
  const piece = points.slice(Math.max(0, from), Math.max(0, Math.min(size, to)))
  return typeof piece === "string" ? piece : piece.join("")
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

/** The part `index` (from 1; negative from the end) between separators; empty when there is none. */
export function splitPart(text: string, separator: string, index: number): string {
  const parts = separator === "" ? [...text] : text.split(separator)
  return parts.at(index > 0 ? index - 1 : index) ?? ""
}

export function codePoints(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xdc00 || unit > 0xdfff) count++
  }
  return count
}

/** Strips characters of `set` (default: spaces) from the start, the end, or both. */
export function trim(text: string, set: string, start: boolean, end: boolean): string {
  const points = [...text]
  const strip = new Set(set)
  let from = 0
  let to = points.length
  if (start) while (from < to && strip.has(points[from]!)) from++
  if (end) while (to > from && strip.has(points[to - 1]!)) to--
  return points.slice(from, to).join("")
}

export function replaceAll(text: string, from: string, to: string): string {
  return from === "" ? text : text.split(from).join(to)
}

/** The first `count` characters; a negative count leaves that many out at the end. */
export function left(text: string, count: number): string {
  const points = [...text]
  return points.slice(0, count >= 0 ? count : Math.max(0, points.length + count)).join("")
}

/** The last `count` characters; a negative count leaves that many out at the start. */
export function right(text: string, count: number): string {
  const points = [...text]
  return points.slice(count >= 0 ? Math.max(0, points.length - count) : -count).join("")
}

/** LIKE with a pattern that is not a literal: compiled once per distinct pattern in a row. */
export function likeCache(ignoreCase: boolean): (text: string, pattern: string) => boolean {
  let last: string | undefined
  let matcher = likeMatcher("", ignoreCase)
  return (text, pattern) => {
    if (pattern !== last) matcher = likeMatcher(pattern, ignoreCase)
    last = pattern
    return matcher(text)
  }
}
