import { shown } from "./faults.ts"
import type { GraphNode } from "./job/graph.ts"
import { isSecret, type Secrets } from "./job/secret.ts"
import { nameFault } from "./names.ts"

/** Reports what a sink names as a secret and is none. */
export function checkSecrets(
  secrets: Secrets,
  path: string,
  note: (where: string, message: string) => void,
): void {
  for (const [name, value] of Object.entries(secrets)) {
    const where = `${path}.secrets.${name}`
    if (!isSecret(value)) note(where, `expected secret("a name"), found ${shown(value)}`)
    else {
      const fault = nameFault(value.name)
      if (fault !== undefined) note(where, `the name ${shown(value.name)}: ${fault}`)
    }
  }
}

/** The names of all secrets that sinks of a graph are given, in ascending order; absent: none. */
export function secretsOf(graph: readonly GraphNode[]): { readonly secrets?: readonly string[] } {
  const named = graph.flatMap(({ operator }) =>
    operator.kind === "functionSink" ? Object.values(operator.sink.secrets).map(({ name }) => name) : [],
  )
  return named.length === 0 ? {} : { secrets: [...new Set(named)].sort() }
}
