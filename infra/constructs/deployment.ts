import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { CustomResource, Duration, FileSystem } from "aws-cdk-lib"
import { Asset } from "aws-cdk-lib/aws-s3-assets"
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager"
import { Construct } from "constructs"
import type { DeployProperties } from "../../functions/environment.ts"
import type { AppDefinition } from "../../shared/definition/app-definition.ts"
import { canonicalJson } from "../../shared/definition/canonical.ts"
import { acknowledgeWildcards } from "./acknowledge.ts"
import { FUNCTION_DEFAULTS } from "./functions.ts"
import { allow } from "./permissions.ts"
import type { PlatformFunction } from "./platform-function.ts"

export interface DeploymentProps {
  readonly definition: AppDefinition
  /** SHA-256 of the definition's canonical JSON, in hexadecimal. */
  readonly digest: string
  readonly deploy: PlatformFunction
  /** @default - keys are not accepted */
  readonly firstKey?: ISecret
}

/** CloudFormation waits for an answer so much longer than the function may take. */
const ANSWER_EXTRA = Duration.minutes(1)

/**
 * Applies the definition: `deploy` is called whenever it changes. What is refused fails the stack's update, whose
 * rollback applies the definition before it.
 */
export class Deployment extends Construct {
  readonly resource: CustomResource

  constructor(scope: Construct, id: string, props: DeploymentProps) {
    super(scope, id)
    const { definition, deploy, firstKey } = props
    const path = join(FileSystem.mkdtemp("millrace-definition-"), "definition.json")
    writeFileSync(path, canonicalJson(definition))
    const asset = new Asset(this, "Definition", { path })
    // Not of this file alone: a rollback asks for the one before it, in the moment in which rights change back.
    const definitions = asset.bucket.arnForObjects("*.json")
    allow(deploy.ownRole, ["s3:GetObject"], [definitions])
    acknowledgeWildcards(
      deploy.ownRole,
      [definitions],
      "Definitions before and after this one have other names; a rollback reads the one before.",
    )
    if (firstKey !== undefined) {
      allow(deploy.ownRole, ["secretsmanager:GetSecretValue"], [firstKey.secretArn])
      firstKey.encryptionKey?.grantDecrypt(deploy.ownRole)
    }
    const properties: DeployProperties = {
      DefinitionBucket: asset.s3BucketName,
      DefinitionKey: asset.s3ObjectKey,
      DefinitionDigest: props.digest,
      ...(firstKey === undefined ? {} : { FirstKeySecret: firstKey.secretArn }),
    }
    this.resource = new CustomResource(this, "Resource", {
      resourceType: "Custom::MillraceDefinition",
      serviceToken: deploy.functionArn,
      serviceTimeout: (deploy.timeout ?? FUNCTION_DEFAULTS.deploy.timeout).plus(ANSWER_EXTRA),
      properties: { ...properties },
    })
    this.resource.node.addDependency(deploy, deploy.ownRole)
  }
}
