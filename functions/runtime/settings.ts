import type { AuthenticationConfig, FunctionEnvironment } from "../environment.ts"

type Variable = keyof FunctionEnvironment

/** What every function needs. */
const ALWAYS = [
  "MILLRACE_APP",
  "MILLRACE_STAGE",
  "MILLRACE_BUCKET",
  "MILLRACE_LOG_TABLE",
  "MILLRACE_META_TABLE",
] as const satisfies readonly Variable[]

/** The stack did not tell a function what it needs. */
export class SettingsError extends Error {
  override readonly name = "SettingsError"
}

/** What the stack told this function, checked. */
export type Settings<Wanted extends Variable = never> = FunctionEnvironment &
  Required<Pick<FunctionEnvironment, Wanted>>

/**
 * Reads the variables of `environment.ts`.
 * @param wanted those that this function needs beside what all need
 * @throws SettingsError naming every variable that is missing
 */
export function readSettings<Wanted extends Variable = never>(
  environment: Readonly<Record<string, string | undefined>>,
  wanted: readonly Wanted[] = [],
): Settings<Wanted> {
  const missing = [...ALWAYS, ...wanted].filter(name => (environment[name] ?? "") === "")
  if (missing.length > 0) {
    throw new SettingsError(`environment: ${missing.join(", ")} missing; expected as the stack sets them`)
  }
  return environment as unknown as Settings<Wanted>
}

/** @throws SettingsError */
export function readAuthentication(settings: FunctionEnvironment): AuthenticationConfig {
  const text = settings.MILLRACE_AUTHENTICATION
  try {
    const config = JSON.parse(text ?? "") as AuthenticationConfig
    if (typeof config.apiKey === "boolean" && typeof config.iam === "boolean") return config
  } catch {
    // Told below.
  }
  throw new SettingsError("environment: MILLRACE_AUTHENTICATION: expected JSON with apiKey and iam")
}
