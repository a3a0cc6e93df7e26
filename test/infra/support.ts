import { App, Stack } from "aws-cdk-lib"
import { Template } from "aws-cdk-lib/assertions"
import { Millrace, type MillraceProps } from "../../infra/index.ts"
import { type AppDefinition, DEFINITION_VERSION } from "../../shared/definition/app-definition.ts"

// CDK's own checks of templates take seconds and warn at most: `cdk synth` makes them.
process.env.CDK_VALIDATION = "false"

export const definition: AppDefinition = {
  v: DEFINITION_VERSION,
  app: "air",
  stage: "dev",
  topics: [
    {
      name: "flights",
      partitions: 2,
      config: {},
      schema: { type: "object" },
      validate: "reader",
      external: false,
    },
  ],
  tables: [],
  jobs: [],
}

/** An app whose code is not bundled: bundles have tests of their own. */
export function newStack(id = "Air"): Stack {
  const app = new App({ context: { "aws:cdk:bundling-stacks": [] } })
  return new Stack(app, id)
}

export interface Synthesized {
  readonly stack: Stack
  readonly millrace: Millrace
  readonly template: Template
}

/** Synthesizes a stack with one Millrace in it. */
export function synthesize(
  props: Partial<MillraceProps> | ((stack: Stack) => Partial<MillraceProps>) = {},
  use: (millrace: Millrace, stack: Stack) => void = () => {},
): Synthesized {
  const stack = newStack()
  const given = typeof props === "function" ? props(stack) : props
  const millrace = new Millrace(stack, "Default", { definition, ...given })
  use(millrace, stack)
  return { stack, millrace, template: Template.fromStack(stack) }
}

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
  readonly Metadata?: { readonly "aws:cdk:path"?: string }
}

export interface Statement {
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource: unknown
  readonly Condition?: Readonly<Record<string, unknown>>
}

export function resourcesOf(template: Template, type: string): Record<string, Resource> {
  return template.findResources(type) as Record<string, Resource>
}

/** References as text: `<StorageBucket.Arn>/wal/*`, without the digits that CDK adds to names. */
export function flat(value: unknown): string {
  if (typeof value === "string") return value
  const node = value as Record<string, unknown>
  const named = (id: unknown) => String(id).replace(/[0-9A-F]{8}$/, "")
  if (node.Ref !== undefined) return `<${named(node.Ref)}>`
  const join = node["Fn::Join"] as [string, unknown[]] | undefined
  if (join !== undefined) return join[1].map(flat).join(join[0])
  const attribute = node["Fn::GetAtt"] as [string, string] | undefined
  if (attribute !== undefined) return `<${named(attribute[0])}.${attribute[1]}>`
  const template = node["Fn::Sub"]
  return typeof template === "string"
    ? template.replaceAll("${", "<").replaceAll("}", ">")
    : JSON.stringify(value)
}

/** The statements of every policy, by the id of the role (or user) that has them. */
export function statementsByRole(template: Template): Map<string, Statement[]> {
  const found = new Map<string, Statement[]>()
  for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Policy"))) {
    const { Statement } = Properties.PolicyDocument as { Statement: Statement[] }
    for (const role of Properties.Roles as unknown[]) {
      const name = flat(role).replace(/^<(.*)>$/, "$1")
      found.set(name, [...(found.get(name) ?? []), ...Statement])
    }
  }
  return found
}

/** What statements allow, one line for each resource: `s3:GetObject on <StorageBucket.Arn>/wal/*`. */
export function allowed(statements: readonly Statement[]): string[] {
  const lines = statements.flatMap(({ Effect, Action, Resource, Condition }) => {
    const under = Condition === undefined ? "" : ` if ${JSON.stringify(Condition)}`
    return [Resource]
      .flat()
      .flatMap(resource => [Action].flat().map(action => `${Effect} ${action} ${flat(resource)}${under}`))
  })
  return lines.map(line => line.replace(/^Allow /, "")).sort()
}
