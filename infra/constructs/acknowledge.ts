import { Stack, Validations } from "aws-cdk-lib"
import type { IConstruct } from "constructs"

/**
 * Acknowledges a rule of cdk-nag's pack AwsSolutions for a construct and all that is in it, with the reason.
 *
 * @param rule such as `SQS3`
 */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason })
}

/** Acknowledges that these resources of a policy, and no others, hold a `*`. */
export function acknowledgeWildcards(
  construct: IConstruct,
  resources: readonly string[],
  reason: string,
): void {
  for (const resource of resources) {
    const shown = flat(Stack.of(construct).resolve(resource))
    if (shown.includes("*")) acknowledge(construct, `IAM5[Resource::${shown}]`, reason)
  }
}

/** A resource as the rule's findings show it: references in angle brackets. */
function flat(value: unknown): string {
  if (typeof value === "string") return value
  const { Ref, ...functions } = value as Record<string, unknown>
  if (Ref !== undefined) return `<${Ref}>`
  const join = functions["Fn::Join"] as [string, unknown[]] | undefined
  if (join !== undefined) return join[1].map(flat).join(join[0])
  const template = functions["Fn::Sub"]
  if (typeof template === "string") return template.replaceAll("${", "<").replaceAll("}", ">")
  const attribute = functions["Fn::GetAtt"] as [string, string] | undefined
  return attribute === undefined ? JSON.stringify(value) : `<${attribute.join(".")}>`
}
