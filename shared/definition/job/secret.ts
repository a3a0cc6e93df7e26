/** A secret by its name: its value is in no definition, and is read where a sink that names it is called. */
export interface Secret {
  readonly kind: "secret"
  readonly name: string
}

/** The secrets of a sink, by what it calls them. */
export type Secrets = Readonly<Record<string, Secret>>

/** What a sink is given of them. */
export type SecretValues<S extends Secrets> = { readonly [K in keyof S]: string }

/**
 * Names a secret. At home its value is that of the environment variable `MILLRACE_SECRET_<NAME>`, on AWS that of a secret of
 * Secrets Manager that the job's function alone may read.
 * @param name `[a-zA-Z0-9._-]{1,100}`
 */
export function secret(name: string): Secret {
  return Object.freeze({ kind: "secret", name })
}

/** Whether `secret()` made this. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === "object" && value !== null && (value as Partial<Secret>).kind === "secret"
}
