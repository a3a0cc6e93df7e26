import { Stack, type StackProps } from "aws-cdk-lib"
import type { Construct } from "constructs"
import { Millrace } from "../constructs/millrace.ts"
import type { MillraceProps } from "../constructs/millrace-props.ts"

export interface MillraceStackProps extends StackProps {
  /** What is deployed. */
  readonly millrace: MillraceProps
}

/** One deployment: one app in one stage. Its outputs have plain names, such as `ApiUrl`. */
export class MillraceStack extends Stack {
  readonly millrace: Millrace

  constructor(scope: Construct, id: string, props: MillraceStackProps) {
    super(scope, id, props)
    // CDK leaves this id out of names: outputs are `ApiUrl`, not `MillraceApiUrl1A2B3C4D`.
    this.millrace = new Millrace(this, "Default", props.millrace)
  }
}

/** The name of a deployment's stack: names of apps may have dots and underscores, those of stacks not. */
export function stackName(app: string, stage: string): string {
  return `millrace-${app}-${stage}`.replaceAll(/[^a-zA-Z0-9-]/g, "-")
}
