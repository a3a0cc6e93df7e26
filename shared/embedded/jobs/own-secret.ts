import { readFile } from "node:fs/promises"

/** The environment variable that holds a secret: `crm-token` is in `MILLRACE_SECRET_CRM_TOKEN`. */
export function secretVariable(name: string): string {
  return `MILLRACE_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`
}

/**
 * Reads a secret from the environment, or from the file that it names; a line's end that an editor left there is none of it.
 * Throws what says where it was looked for, and nothing of what was found.
 */
export async function ownSecret(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const variable = secretVariable(name)
  const value = environment[variable]
  if (value !== undefined && value !== "") return value
  const file = environment[`${variable}_FILE`]
  if (file === undefined || file === "") {
    const expected = `the environment variable ${variable}, or ${variable}_FILE with the path of a file`
    throw new Error(`secret ${name} is missing: expected ${expected}`)
  }
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "")
  } catch (cause) {
    const message = `secret ${name}: ${variable}_FILE: ${file} cannot be read: ${(cause as Error).message}`
    throw new Error(message, { cause })
  }
}
