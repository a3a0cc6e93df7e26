import { LogError } from "../errors.ts"

/*
 * CloudEvents 1.0.2, its attributes (§ 3 of the specification): which there must be, and what their values look like.
 */

const text = "a non-empty string"
/** RFC 3986: every character that a URI or a reference to one may have. */
const URI_REFERENCE = /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[\da-fA-F]{2})+$/
const URI = /^[a-zA-Z][a-zA-Z\d+.-]*:/
/** RFC 2046: type, subtype, parameters. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;.*)?$/
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i
const NAME = /^[a-z0-9]+$/

interface Rule {
  readonly required?: true
  readonly expected: string
  readonly fits: (value: string) => boolean
}

const isText = (value: string) => value !== ""

const rules: Readonly<Record<string, Rule>> = {
  specversion: { required: true, expected: '"1.0"', fits: value => value === "1.0" },
  id: { required: true, expected: text, fits: isText },
  source: {
    required: true,
    expected: "a URI, or a reference to one",
    fits: value => URI_REFERENCE.test(value),
  },
  type: { required: true, expected: text, fits: isText },
  datacontenttype: { expected: "a media type", fits: value => MEDIA_TYPE.test(value) },
  dataschema: { expected: "a URI", fits: value => URI.test(value) && URI_REFERENCE.test(value) },
  subject: { expected: text, fits: isText },
  time: {
    expected: "a time as in RFC 3339, such as 2026-01-31T12:00:00Z",
    fits: value => !Number.isNaN(instantOf(value)),
  },
  partitionkey: { expected: text, fits: isText },
}

const required = Object.keys(rules).filter(name => rules[name]?.required === true)

/** Epoch ms of an RFC 3339 time; NaN where it is none. */
export function instantOf(time: string): number {
  if (!RFC_3339.test(time)) return Number.NaN
  // A leap second is the same instant as the one before it.
  return Date.parse(time.toUpperCase().replace(/:60(?=[.Z+-])/, ":59"))
}

/** Attributes of one event by name; those that are not set are left out. */
export type Attributes = ReadonlyMap<string, string | number | boolean>

/**
 * Checks an event's attributes.
 * @param path a path's beginning, to which an attribute's name is put: `event.`, `events[3].`, `headers.ce-`
 * @throws LogError `invalid_record`, for the first fault
 */
export function checkAttributes(attributes: Attributes, path: string): void {
  for (const name of required) {
    if (!attributes.has(name)) {
      throw invalidEvent(`${path}${name}`, `is missing, expected ${rules[name]?.expected}`)
    }
  }
  for (const [name, value] of attributes) {
    if (!NAME.test(name)) {
      throw invalidEvent(`${path}${name}`, "expected an attribute's name, of a-z and 0-9")
    }
    const rule = rules[name]
    const fits = rule === undefined || (typeof value === "string" && rule.fits(value))
    if (!fits) throw invalidEvent(`${path}${name}`, `expected ${rule.expected}, found ${shown(value)}`)
    if (typeof value === "string" && hasControls(value)) {
      throw invalidEvent(`${path}${name}`, "expected a text without control characters")
    }
  }
}

function hasControls(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at)
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true
  }
  return false
}

/** Enough of a wrong value to know it by. */
const SHOWN_CHARS_MAX = 60

const shown = (value: unknown) => JSON.stringify(value).slice(0, SHOWN_CHARS_MAX)

export function invalidEvent(path: string, what: string): LogError {
  return new LogError("invalid_record", `${path}: ${what}`, { detail: { path } })
}
