import { RemovalPolicy } from "aws-cdk-lib"
import { Architecture } from "aws-cdk-lib/aws-lambda"
import type { Node } from "constructs"
import { DEFAULT_STAGE } from "../../shared/definition/resolve.ts"
import { evaluateEntry } from "../evaluation/evaluate-entry.ts"
import type { MillraceStackProps } from "./millrace-stack.ts"

/** The context (`-c name=value`) that says what is deployed, and what each may be. */
const CHOICES = {
  architecture: { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 },
  journal: { true: true, false: false },
  iam: { true: true, false: false },
  dashboard: { true: true, false: false },
  ledger: { true: true, false: false },
  protect: { true: true, false: false },
  removal: { retain: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, destroy: RemovalPolicy.DESTROY },
} as const

type Choices = typeof CHOICES
type Choice<N extends keyof Choices> = Choices[N][keyof Choices[N]]

/**
 * Reads the context of a CDK app, and evaluates the app file that it names.
 *
 * @throws Error naming what is missing or wrong, and what was expected
 */
export function settingsOf(node: Node): MillraceStackProps {
  const entry: unknown = node.tryGetContext("app")
  if (typeof entry !== "string" || entry === "") {
    throw new Error("app is missing, expected the path of an app file: -c app=examples/flights/app.ts")
  }
  const stage: unknown = node.tryGetContext("stage") || DEFAULT_STAGE
  const architecture = choice(node, "architecture")
  const journal = choice(node, "journal")
  const iam = choice(node, "iam")
  const dashboard = choice(node, "dashboard")
  const requestLedger = choice(node, "ledger")
  const removalPolicy = choice(node, "removal")
  const terminationProtection = choice(node, "protect") ?? false
  const { definition } = evaluateEntry(entry, String(stage))
  return {
    terminationProtection,
    millrace: {
      definition,
      jobCode: entry,
      ...(architecture === undefined ? {} : { architecture }),
      ...(journal === undefined ? {} : { journal }),
      ...(iam === undefined ? {} : { authentication: { iam } }),
      ...(dashboard === undefined ? {} : { dashboard }),
      ...(requestLedger === undefined ? {} : { requestLedger }),
      ...(removalPolicy === undefined ? {} : { removalPolicy }),
    },
  }
}

function choice<N extends keyof Choices>(node: Node, name: N): Choice<N> | undefined {
  const given: unknown = node.tryGetContext(name)
  if (given === undefined || given === "") return undefined
  const choices: Readonly<Record<string, unknown>> = CHOICES[name]
  const key = String(given)
  if (!Object.hasOwn(choices, key)) {
    throw new Error(`${name} is ${JSON.stringify(given)}, expected ${Object.keys(choices).join(" or ")}`)
  }
  return choices[key] as Choice<N>
}
