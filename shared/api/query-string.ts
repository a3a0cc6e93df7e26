import { ApiError } from "./errors.ts"

const empty: Readonly<Record<string, string>> = Object.freeze({})

/**
 * The parameters of a query string, by name.
 * @throws ApiError `invalid` for a parameter that is given twice
 */
export function queryParameters(query: string): Readonly<Record<string, string>> {
  if (query === "") return empty
  const parameters: Record<string, string> = Object.create(null)
  for (const [key, value] of new URLSearchParams(query)) {
    if (key in parameters) throw new ApiError("invalid", `query.${key}: is given twice, expected once`)
    parameters[key] = value
  }
  return { ...parameters }
}
