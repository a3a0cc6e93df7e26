import { Duration } from "aws-cdk-lib"
import { Rule, Schedule } from "aws-cdk-lib/aws-events"
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets"
import { Construct } from "constructs"
import type { PlatformFunction } from "./platform-function.ts"

/** How long what a lost wake left undone may stay so; half as long would cost twice as much. */
const INTERVAL = Duration.minutes(5)

export interface TickProps {
  readonly maintain: PlatformFunction
}

/** Starts `maintain` every five minutes. */
export class Tick extends Construct {
  readonly rule: Rule

  constructor(scope: Construct, id: string, props: TickProps) {
    super(scope, id)
    this.rule = new Rule(this, "Rule", {
      description: "Millrace: the tick",
      schedule: Schedule.rate(INTERVAL),
      // A tick that is late is the next one.
      targets: [new LambdaFunction(props.maintain, { retryAttempts: 0, maxEventAge: INTERVAL })],
    })
  }
}
