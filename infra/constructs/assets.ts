import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { FileSystem, Stack } from "aws-cdk-lib"
import { Code } from "aws-cdk-lib/aws-lambda"
import type { Construct } from "constructs"
import type { FunctionName } from "../../functions/environment.ts"
import { type Architecture, functionAsset, jobAssets, type Layer, layerAsset } from "../bundling/index.ts"

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

/** The code of each of an app's jobs, by name. */
export function jobCodes(
  scope: Construct,
  entry: string,
  names: readonly string[],
): ReadonlyMap<string, Code> {
  if (!Stack.of(scope).bundlingRequired)
    return new Map(names.map(name => [name, Code.fromAsset(unbundled())]))
  const folders = jobAssets(entry, names, FileSystem.mkdtemp("millrace-jobs-"))
  return new Map([...folders].map(([name, folder]) => [name, Code.fromAsset(folder)]))
}
