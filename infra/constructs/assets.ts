import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { FileSystem, Stack } from "aws-cdk-lib"
import { Code } from "aws-cdk-lib/aws-lambda"
import type { Construct } from "constructs"
import type { FunctionName } from "../../functions/environment.ts"
import { type Architecture, functionAsset, type Layer, layerAsset } from "../bundling/index.ts"

let placeholder: string | undefined

/**
 * What stands for code where CDK wants none: `cdk ls` and `cdk destroy` do not bundle, nor do tests that set the context
 * `aws:cdk:bundling-stacks` to an empty list.
 */
function unbundled(): string {
  if (placeholder === undefined) {
    placeholder = FileSystem.mkdtemp("millrace-unbundled-")
    writeFileSync(join(placeholder, "index.mjs"), "throw new Error('this was never bundled')\n")
  }
  return placeholder
}

/** The code of a function. */
export function functionCode(scope: Construct, name: FunctionName): Code {
  return Code.fromAsset(Stack.of(scope).bundlingRequired ? functionAsset(name) : unbundled())
}

/** The content of a layer. */
export function layerCode(scope: Construct, layer: Layer, architecture: Architecture): Code {
  return Code.fromAsset(Stack.of(scope).bundlingRequired ? layerAsset(layer, architecture) : unbundled())
}
