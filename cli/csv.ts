/** One line of CSV (RFC 4180): CRLF at its end, quotes where a field needs them; null is an empty field. */
export function csvLine(fields: readonly (string | null)[]): string {
  const quoted = fields.map(field => {
    if (field === null) return ""
    // An empty string is quoted to tell it from null.
    return field === "" || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
  })
  return `${quoted.join(",")}\r\n`
}
