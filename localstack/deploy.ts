import { spawn } from "node:child_process"
import { once } from "node:events"
import { rmSync } from "node:fs"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { PutBucketTaggingCommand, S3Client, type Tag } from "@aws-sdk/client-s3"
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from "./endpoint.ts"

/** The account that emulators give to the credentials in use. */
const EMULATOR_ACCOUNT = "000000000000"
const REPOSITORY = join(import.meta.dirname, "..")
const CDK = join(REPOSITORY, "node_modules", "aws-cdk", "bin", "cdk")
/** The CDK's own rules for templates take two thirds of a synthesis: once for what is deployed is enough. */
const UNVALIDATED = { CDK_VALIDATION: "false" }
/** What of a failed command's output its error tells. */
const TOLD_LINES = 40

export interface DeployOptions {
  /** URL of the endpoint. */
  readonly endpoint: string
  /** Path of the app file. */
  readonly app: string
  /** Further values of CDK's context, such as `journal`. */
  readonly context?: Readonly<Record<string, string>>
  /** Told of each line of progress. */
  readonly onLine?: (line: string) => void
}

/** An app that stands at an endpoint. */
export interface Deployment {
  /** The API's address, in the form that needs no resolver. */
  readonly apiUrl: string
  /** The first key. */
  readonly key: string
  /** The stack's outputs, by name. */
  readonly outputs: Readonly<Record<string, string>>
  /**
   * Deploys again, with another app file or context.
   *
   * @throws Error the deployment failed, with the end of what CDK said; the stack is as it was
   */
  update(options: Partial<Pick<DeployOptions, "app" | "context">>): Promise<Deployment>
  /** Removes the stack; what it retains stays. */
  destroy(): Promise<void>
}

/**
 * Deploys an app as anybody would, by the CDK's command, but to an endpoint: bootstrap, synthesis for this machine's
 * processor, deployment. The CDK's files go to a temporary folder.
 *
 * @throws Error a command failed, with the end of what it said
 */
export async function deployApp(options: DeployOptions): Promise<Deployment> {
  return await deployTo(options, true)
}

async function deployTo(options: DeployOptions, bootstrap: boolean): Promise<Deployment> {
  const folder = await temporaryFolder()
  try {
    return await deployFrom(folder, options, bootstrap)
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

async function deployFrom(folder: string, options: DeployOptions, bootstrap: boolean): Promise<Deployment> {
  const assembly = join(folder, "cdk.out")
  const outputsFile = join(folder, "outputs.json")
  const cdk = (...args: string[]) => runCdk(options, args)
  const synthesis = runCdk(
    options,
    ["synth", "--quiet", ...contextOf(options), "--output", assembly],
    REPOSITORY,
    bootstrap ? {} : UNVALIDATED,
  )
  // From where no app is: it would be asked about what it has no say in.
  const bootstrapping = ["bootstrap", `aws://${EMULATOR_ACCOUNT}/${EMULATOR_REGION}`]
  await Promise.all([synthesis, bootstrap && runCdk(options, bootstrapping, folder)])
  const unasked = ["--all", "--require-approval", "never"]
  await cdk("deploy", "--app", assembly, ...unasked, "--outputs-file", outputsFile)
  const stacks = JSON.parse(await readFile(outputsFile, "utf8")) as Record<string, Record<string, string>>
  const outputs: Record<string, string> = Object.assign({}, ...Object.values(stacks))
  await tagBucket(options.endpoint, outputNamed(outputs, "BucketName"), await bucketTags(assembly))
  return {
    apiUrl: pathForm(options.endpoint, outputNamed(outputs, "ApiUrl")),
    key: await readSecret(options.endpoint, secretOf(outputNamed(outputs, "KeyCommand"))),
    outputs,
    async update(changed) {
      const updated = await deployTo({ ...options, ...changed }, false)
      await removeFolder(folder)
      return updated
    },
    async destroy() {
      await cdk("destroy", "--app", assembly, "--all", "--force")
      await removeFolder(folder)
    },
  }
}

function outputNamed(outputs: Record<string, string>, name: string): string {
  const value = outputs[name]
  if (value === undefined) throw new Error(`the stack has no output ${name}, only ${Object.keys(outputs)}`)
  return value
}

/** The stack tells how to read the key, not the key. */
function secretOf(command: string): string {
  const id = /--secret-id (\S+)/.exec(command)?.[1]
  if (id === undefined) throw new Error(`KeyCommand names no secret: ${command}`)
  return id
}

/** Names below `localhost` have no address on many machines; the emulators serve the same API below a path. */
function pathForm(endpoint: string, apiUrl: string): string {
  const [id] = new URL(apiUrl).hostname.split(".")
  return `${endpoint.replace(/\/$/, "")}/_aws/execute-api/${id}/$default`
}

async function readSecret(endpoint: string, id: string): Promise<string> {
  const client = new SecretsManagerClient(clientOf(endpoint))
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }))
    if (SecretString === undefined) throw new Error(`the secret ${id} is empty`)
    return SecretString
  } finally {
    client.destroy()
  }
}

function contextOf({ app, context }: DeployOptions): string[] {
  const architecture = process.arch === "arm64" ? "arm64" : "x86_64"
  const all = { app, architecture, ...context }
  return Object.entries(all).flatMap(([name, value]) => ["--context", `${name}=${value}`])
}

async function runCdk(
  { endpoint, onLine }: DeployOptions,
  args: readonly string[],
  cwd = REPOSITORY,
  more: NodeJS.ProcessEnv = {},
): Promise<void> {
  const child = spawn(process.execPath, [CDK, ...args, "--ci", "--no-notices", "--no-color"], {
    cwd,
    env: { ...environment(endpoint), ...more },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const lines: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", line => {
      lines.push(line)
      onLine?.(line)
    })
  }
  const [code] = await once(child, "close")
  if (code !== 0) {
    throw new Error(`cdk ${args[0]} ended with ${code}:\n${lines.slice(-TOLD_LINES).join("\n")}`)
  }
}

/** Nothing of the caller's own account or profile. */
function environment(endpoint: string): NodeJS.ProcessEnv {
  const { HOME, TMPDIR, PATH } = process.env
  return {
    HOME,
    TMPDIR,
    // What the synthesis starts is this Node, whichever the machine's is.
    PATH: [dirname(process.execPath), PATH].join(delimiter),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: EMULATOR_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: EMULATOR_CREDENTIALS.secretAccessKey,
    AWS_REGION: EMULATOR_REGION,
    AWS_EC2_METADATA_DISABLED: "true",
    CDK_DISABLE_CLI_TELEMETRY: "true",
    // Of what a command takes, a second is the compiling of the CDK.
    NODE_COMPILE_CACHE: join(tmpdir(), "millrace-test-compile-cache"),
  }
}

/** The tags that an assembly gives to its bucket. */
async function bucketTags(assembly: string): Promise<Tag[]> {
  const files = await readdir(assembly)
  const templates = files.filter(file => file.endsWith(".template.json"))
  const texts = await Promise.all(templates.map(file => readFile(join(assembly, file), "utf8")))
  const resources = texts.flatMap(text => Object.values((JSON.parse(text) as Template).Resources))
  return resources.flatMap(({ Type, Properties }) => (Type === "AWS::S3::Bucket" && Properties?.Tags) || [])
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: { readonly Tags?: Tag[] } }>
  >
}

/** ministack forgets a template's tags of buckets, by which the CDK's own function knows those that it may empty. */
async function tagBucket(endpoint: string, Bucket: string, TagSet: Tag[]): Promise<void> {
  const s3 = new S3Client({ ...clientOf(endpoint), forcePathStyle: true })
  await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  s3.destroy()
}

function clientOf(endpoint: string) {
  return { endpoint, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }
}

/** Assemblies, which stay until their stacks are removed, or this process ends. */
const folders = new Set<string>()

/** Forgets what stands: its stacks cannot be removed any more. */
export function removeAssemblies(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

process.once("exit", removeAssemblies)

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cdk-"))
  folders.add(folder)
  return folder
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  folders.delete(folder)
}
