import { Secret } from "aws-cdk-lib/aws-secretsmanager"
import { Construct } from "constructs"
import { acknowledge } from "./acknowledge.ts"

/** Letters and digits: 43 of them are 256 bits. */
const KEY_CHARACTERS = 43

/** All that is neither letter nor digit: named one by one, as everything that imitates Secrets Manager understands it. */
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

/** The first key: it may do everything, and makes the others. Only its hash is stored with the deployment. */
export class FirstKey extends Construct {
  readonly secret: Secret

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.secret = new Secret(this, "Secret", {
      description: "Millrace: the first key, with all scopes",
      generateSecretString: {
        passwordLength: KEY_CHARACTERS,
        excludeCharacters: PUNCTUATION,
        includeSpace: false,
      },
    })
    acknowledge(
      this.secret,
      "SMG4",
      "A key that rotates by itself would lock its users out; keys are made and revoked by `millrace keys`.",
    )
  }

  /** A command that prints the key. */
  get command(): string {
    return `aws secretsmanager get-secret-value --secret-id ${this.secret.secretArn} --query SecretString --output text`
  }
}
