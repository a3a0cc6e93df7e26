import { Refusal } from "../refusal.ts"
import type { TreeNode } from "../syntax-tree.ts"
import { call, cast, integerConstant, operator, textConstant } from "../tree-build.ts"
import { argument, arity, numberArgument, type PinotCall, type Rewriting, textArgument } from "./call.ts"
import { instantKind, millisOf, timestampOf } from "./instants.ts"
import {
  granularity,
  type PatternUse,
  strftimePattern,
  type TimeForm,
  type TimeUnit,
  timeForm,
  timeUnit,
  UNIT_NANOS,
} from "./time-pattern.ts"

const MILLI = UNIT_NANOS.MILLISECONDS

function times(node: TreeNode, factor: bigint): TreeNode {
  return factor === 1n ? node : operator("*", node, integerConstant(factor))
}

/** Toward zero, as Java divides. */
function over(node: TreeNode, divisor: bigint): TreeNode {
  return divisor === 1n ? node : operator("//", node, integerConstant(divisor))
}

/** Epoch milliseconds of a count of units. */
function fromUnits(at: PinotCall, count: TreeNode, unit: TimeUnit, size = 1): TreeNode {
  const nanos = UNIT_NANOS[unit] * BigInt(size)
  if (unit === "MILLISECONDS" && size === 1) return millisOf(count, at)
  const whole = cast(count, "BIGINT")
  return UNIT_NANOS[unit] >= MILLI
    ? times(whole, nanos / MILLI)
    : over(times(whole, BigInt(size)), MILLI / UNIT_NANOS[unit])
}

/** The count of units of epoch milliseconds. */
function toUnits(ms: TreeNode, unit: TimeUnit, size = 1): TreeNode {
  return UNIT_NANOS[unit] >= MILLI
    ? over(ms, (UNIT_NANOS[unit] * BigInt(size)) / MILLI)
    : over(times(ms, MILLI / UNIT_NANOS[unit]), BigInt(size))
}

function local(ms: TreeNode, zone: string): TreeNode {
  return zone === "UTC" ? call("epoch_ms", [ms]) : call("pinot_local", [ms, textConstant(zone)])
}

function duckdbPattern(at: PinotCall, pattern: string, use: PatternUse): TreeNode {
  const made = strftimePattern(pattern, use)
  if (typeof made === "string") return textConstant(made)
  throw new Refusal("query_validation", `${at.name}: unsupported in '${pattern}': ${made.fault}`, at.node)
}

function parsed(at: PinotCall, value: TreeNode, pattern: string, zone: string): TreeNode {
  const bare = pattern.replace(/'[^']*'/g, "")
  const isZoned = /[zZ]/.test(bare)
  const text = cast(value, "VARCHAR")
  // To Joda-Time a Z is an offset too.
  const offset = [text, textConstant("Z$"), textConstant("+0000")]
  const read = /Z$/.test(bare) ? call("regexp_replace", offset) : text
  const instant = call("strptime", [read, duckdbPattern(at, pattern, "read")])
  return isZoned || zone === "UTC"
    ? call("epoch_ms", [instant])
    : call("pinot_utc_millis", [instant, textConstant(zone)])
}

function printed(at: PinotCall, moment: TreeNode, pattern: string, zone: string): TreeNode {
  const use = zone === "UTC" ? "write-utc" : "write-local"
  return call("strftime", [moment, duckdbPattern(at, pattern, use)])
}

function readForm(at: PinotCall, index: number): TimeForm {
  const text = textArgument(at, index, "a format such as '1:DAYS:SIMPLE_DATE_FORMAT:yyyy-MM-dd'")
  const form = timeForm(text)
  if (form !== undefined) return form
  throw new Refusal("query_validation", `${at.name}: '${text}' is no format of a time`, at.node)
}

/** Functions of DuckDB's that make an interval; those below a millisecond are not a granularity of text. */
const INTERVALS: Readonly<Partial<Record<TimeUnit, { readonly fn: string; readonly parent: string }>>> = {
  MILLISECONDS: { fn: "to_milliseconds", parent: "second" },
  SECONDS: { fn: "to_seconds", parent: "minute" },
  MINUTES: { fn: "to_minutes", parent: "hour" },
  HOURS: { fn: "to_hours", parent: "day" },
  DAYS: { fn: "to_days", parent: "month" },
}

function bucketed(moment: TreeNode, unit: TimeUnit, size: number): TreeNode {
  const interval = INTERVALS[unit]
  if (interval === undefined) return moment
  if (size === 1) return call("date_trunc", [textConstant(unit.slice(0, -1).toLowerCase()), moment])
  const width = call(interval.fn, [integerConstant(size)])
  return call("pinot_bucket", [width, moment, textConstant(interval.parent)])
}

function millisOfForm(at: PinotCall, value: TreeNode, form: TimeForm): TreeNode {
  if (form.kind === "timestamp") return millisOf(value, at)
  if (form.kind === "text") return parsed(at, value, form.pattern, form.zone)
  return fromUnits(at, value, form.unit, form.size)
}

const dateTimeConvert: Rewriting = at => {
  arity(at, 4, 5)
  const output = readForm(at, 2)
  const grain = granularity(textArgument(at, 3, "a granularity such as '1:HOURS'"))
  if (grain === undefined) {
    throw new Refusal("query_validation", `${at.name}: expected a granularity such as '1:HOURS'`, at.node)
  }
  const ms = millisOfForm(at, argument(at, 0), readForm(at, 1))
  const zone = at.args.length > 4 ? textArgument(at, 4, "a time zone") : undefined
  if (output.kind === "text") {
    const moment = bucketed(local(ms, output.zone), grain.unit, grain.size)
    return printed(at, moment, output.pattern, output.zone)
  }
  const width = (UNIT_NANOS[grain.unit] * BigInt(grain.size)) / MILLI
  const bucket =
    zone === undefined || zone === "UTC"
      ? width <= 1n
        ? ms
        : times(over(ms, width), width)
      : call("pinot_utc_millis", [bucketed(local(ms, zone), grain.unit, grain.size), textConstant(zone)])
  return output.kind === "timestamp" ? call("epoch_ms", [bucket]) : toUnits(bucket, output.unit, output.size)
}

function unitArgument(at: PinotCall, index: number): TimeUnit {
  const text = textArgument(at, index, "a unit such as 'SECONDS'")
  const unit = timeUnit(text)
  if (unit !== undefined) return unit
  const expected = Object.keys(UNIT_NANOS).join(", ")
  throw new Refusal("query_validation", `${at.name}: expected ${expected}, found '${text}'`, at.node)
}

const dateTrunc: Rewriting = at => {
  arity(at, 2, 5)
  const unit = textConstant(textArgument(at, 0, "a unit such as 'day'").toLowerCase())
  const value = argument(at, 1)
  if (at.args.length === 2) {
    const kind = instantKind(value, at)
    if (kind === "timestamp") return call("date_trunc", [unit, value])
    return kind === undefined
      ? call("pinot_datetrunc", [unit, value])
      : call("pinot_trunc", [unit, millisOf(value, at)])
  }
  const input = unitArgument(at, 2)
  const zone = at.args.length > 3 ? textArgument(at, 3, "a time zone") : "UTC"
  const output = at.args.length > 4 ? unitArgument(at, 4) : input
  const ms = fromUnits(at, value, input)
  const truncated =
    zone === "UTC"
      ? call("pinot_trunc", [unit, ms])
      : call("pinot_trunc_zone", [unit, ms, textConstant(zone)])
  return toUnits(truncated, output)
}

const toDateTime: Rewriting = at => {
  arity(at, 2, 3)
  const zone = at.args.length > 2 ? textArgument(at, 2, "a time zone") : "UTC"
  return printed(at, local(millisOf(argument(at, 0), at), zone), textArgument(at, 1, "a pattern"), zone)
}

const fromDateTime: Rewriting = at => {
  arity(at, 2, 3)
  const zone = at.args.length > 2 ? textArgument(at, 2, "a time zone") : "UTC"
  return parsed(at, argument(at, 0), textArgument(at, 1, "a pattern"), zone)
}

const timeConvert: Rewriting = at => {
  arity(at, 3)
  return toUnits(fromUnits(at, argument(at, 0), unitArgument(at, 1)), unitArgument(at, 2))
}

const ISO_DURATION =
  /^([+-])?P(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+)(?:\.(\d{1,3}))?S)?)?$/i

/** Milliseconds of an ISO 8601 duration as Java reads it, days of 24 hours; undefined: none. */
function durationMs(text: string): number | undefined {
  const [all, sign, days = 0, hours = 0, minutes = 0, seconds = 0, fraction = ""] =
    ISO_DURATION.exec(text) ?? []
  if (all === undefined || /[PT]$/i.test(all)) return undefined
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  const part = Number(fraction.padEnd(3, "0")) * (String(seconds).startsWith("-") ? -1 : 1)
  const ms = whole * 1000 + part
  return Number.isSafeInteger(ms) ? (sign === "-" ? -ms : ms) : undefined
}

const now: TreeNode = call("epoch_ms", [call("now", [])])

/** DuckDB's own takes an INTERVAL, and a text that says one: Pinot's durations begin with a P. */
const ago: Rewriting = at => {
  const [first] = at.args
  const text = first?.class === "CONSTANT" ? textArgument(at, 0, "a duration such as 'PT1H'") : ""
  if (!/^[+-]?P/i.test(text)) return undefined
  const ms = durationMs(text)
  if (ms === undefined) {
    throw new Refusal(
      "query_validation",
      `${at.name}: expected a duration such as 'P1DT2H', found '${text}'`,
      at.node,
    )
  }
  return operator("-", now, integerConstant(ms))
}

type Epoch = "Seconds" | "Minutes" | "Hours" | "Days"
const epochs: readonly Epoch[] = ["Seconds", "Minutes", "Hours", "Days"]

function bucketSize(at: PinotCall): bigint {
  const size = numberArgument(at, 1, "a bucket's size")
  if (Number.isSafeInteger(size) && size > 0) return BigInt(size)
  throw new Refusal("query_validation", `${at.name}: expected a whole number above 0, found ${size}`, at.node)
}

/** `toEpochHours`, `toEpochHoursRounded`, `toEpochHoursBucket`, `fromEpochHours`, `fromEpochHoursBucket`. */
function epochFunctions(epoch: Epoch): [string, Rewriting][] {
  const unit = epoch.toUpperCase() as TimeUnit
  const name = epoch.toLowerCase()
  const plain: Rewriting = at => {
    arity(at, 1)
    return toUnits(millisOf(argument(at, 0), at), unit)
  }
  const bucket: Rewriting = at => {
    arity(at, 2)
    return over(toUnits(millisOf(argument(at, 0), at), unit), bucketSize(at))
  }
  return [
    [`toepoch${name}`, plain],
    [`toepoch${name}bucket`, bucket],
    [`toepoch${name}rounded`, at => times(bucket(at) as TreeNode, bucketSize(at))],
    [
      `fromepoch${name}`,
      at => {
        arity(at, 1)
        return fromUnits(at, argument(at, 0), unit)
      },
    ],
    [
      `fromepoch${name}bucket`,
      at => {
        arity(at, 2)
        return fromUnits(at, times(cast(argument(at, 0), "BIGINT"), bucketSize(at)), unit)
      },
    ],
  ]
}

const one =
  (made: (value: TreeNode, at: PinotCall) => TreeNode): Rewriting =>
  at => {
    arity(at, 1)
    return made(argument(at, 0), at)
  }

/** By canonical name: lower case, no underscores. */
export const timeFunctions: Readonly<Record<string, Rewriting>> = {
  ...Object.fromEntries(epochs.flatMap(epochFunctions)),
  ago,
  datetimeconvert: dateTimeConvert,
  // DATE_TRUNC of two arguments is DuckDB's too; this spelling is Pinot's.
  datetrunc: at =>
    at.name.includes("_") && at.args.length === 2 && !at.pinotCompat ? undefined : dateTrunc(at),
  fromdatetime: fromDateTime,
  fromtimestamp: one(millisOf),
  now: at => (at.pinotCompat && at.args.length === 0 ? now : undefined),
  timeconvert: timeConvert,
  todatetime: toDateTime,
  totimestamp: at => (at.name.includes("_") ? undefined : one(timestampOf)(at)),
}
