// The parts of the Standard Schema and Standard JSON Schema interfaces that definitions use (standardschema.dev).

interface StandardProps<Input, Output> {
  readonly version: 1
  readonly vendor: string
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
  readonly validate: (value: unknown) => unknown
  readonly jsonSchema?: {
    readonly input: (options: { readonly target: string }) => Record<string, unknown>
    readonly output: (options: { readonly target: string }) => Record<string, unknown>
  }
}

/** A schema of any library that speaks Standard Schema: zod, ArkType, valibot (`toStandardJsonSchema`) … */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly "~standard": StandardProps<Input, Output>
}

/** The records that a schema takes. */
export type InputOf<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"]
