import { RemovalPolicy, Validations } from "aws-cdk-lib"
import { Vpc } from "aws-cdk-lib/aws-ec2"
import { AwsSolutionsChecks } from "cdk-nag"
import { expect, test } from "vitest"
import { synthesize } from "./support.ts"

function findings(...parameters: Parameters<typeof synthesize>): string[] {
  const { stack } = synthesize(...parameters)
  const { violations } = new AwsSolutionsChecks().validateScope(stack.node.root)
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
  )
}

test("the default deployment is clean under AwsSolutions", () => {
  expect(findings()).toEqual([])
})

test("so is one with everything", () => {
  const found = findings(
    stack => ({
      journal: true,
      dashboard: true,
      authentication: { iam: true },
      removalPolicy: RemovalPolicy.DESTROY,
      vpc: Vpc.fromVpcAttributes(stack, "Vpc", {
        vpcId: "vpc-1",
        availabilityZones: ["us-east-1a"],
        privateSubnetIds: ["subnet-1"],
      }),
    }),
    millrace => millrace.metrics.requests(),
  )
  expect(found).toEqual([])
})

test("every acknowledgement gives a reason, and is of one rule at one construct", () => {
  const { stack } = synthesize({ journal: true, authentication: { iam: true } })
  const acknowledged = stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) =>
        Object.entries(data as Record<string, string>).map(([id, reason]) => ({
          id,
          reason,
          path: node.path,
        })),
      ),
  )
  expect(acknowledged.length).toBeGreaterThan(5)
  for (const { id, reason } of acknowledged) {
    expect(id).toMatch(/AwsSolutions-[A-Z0-9]+(\[.+\])?$/)
    expect(reason).toMatch(/^[A-Z].{20,}\.$/)
  }
  // None at the stack, where it would cover what nobody looked at.
  expect(acknowledged.filter(({ path }) => path.split("/").length < 3)).toEqual([])
})
