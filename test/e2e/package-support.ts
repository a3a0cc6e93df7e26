import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { NODE_COMPILE_CACHE, repository, temporaryFolder } from "./support.ts"

/** This Node first, as it is for somebody who has a new enough one. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  NO_COLOR: "1",
  // Each program here is started several times, and much of that is the compiling of the CDK.
  NODE_COMPILE_CACHE,
  // The CDK's own rules for templates take two thirds of a synthesis, and here they would end in warnings.
  CDK_VALIDATION: "false",
}

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in a folder. */
export function run(
  cwd: string,
  program: string,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...env, ...more },
    encoding: "utf8",
  })
  return { status, stdout, stderr: stderr + (error?.message ?? "") }
}

/** Runs a program that must succeed, and gives what it printed. */
export function mustRun(...given: Parameters<typeof run>): string {
  const { status, stdout, stderr } = run(...given)
  if (status !== 0) throw new Error(`${given[1]} ${given[2].join(" ")}: ${status}\n${stdout}\n${stderr}`)
  return stdout
}

export interface Packed {
  readonly tarball: string
  /** Files of the tarball, by path. */
  readonly files: readonly string[]
  /** Where the tarball lies unpacked, as npm would have it in `node_modules`. */
  readonly folder: string
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape of the manifest
  readonly manifest: any
  /** The copy of the repository in which `npm pack` ran. */
  readonly copy: string
}

/** Packs a copy of the repository: while npm packs, another manifest stands there, and other tests read it here. */
export function packRepository(): Packed {
  const home = temporaryFolder()
  const copy = join(home, "repository")
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repository,
  })
  for (const file of listed.toString().split("\0")) {
    // A file that is deleted and not yet committed is listed too.
    if (file !== "" && existsSync(join(repository, file))) cpSync(join(repository, file), join(copy, file))
  }
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"))
  mustRun(copy, "npm", ["pack", "--pack-destination", home])
  const tarball = join(home, readdirSync(home).find(name => name.endsWith(".tgz")) ?? "")
  mustRun(home, "tar", ["-xzf", tarball])
  const folder = join(home, "package")
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return { tarball, files, folder, manifest, copy }
}

/**
 * Installs the package in a project, and nothing beside it but what its manifest names, and Node's types. Only the package
 * is a copy: all else are links into this repository's own `node_modules`.
 */
export function installInto(project: string, { folder, manifest }: Packed): void {
  const modules = join(project, "node_modules")
  cpSync(folder, join(modules, "millrace"), { recursive: true })
  const { dependencies, peerDependencies, optionalDependencies } = manifest
  const names = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
  for (const name of [...names, "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(repository, "node_modules", name), join(modules, name))
  }
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

/** Compiles a project with this repository's compiler; throws with its messages. */
export function compile(project: string, ...args: readonly string[]): void {
  mustRun(project, process.execPath, [
    join(repository, "node_modules/typescript/bin/tsc"),
    "-p",
    ".",
    ...args,
  ])
}

/** What `cdk init app --language typescript` makes in an empty folder, without its installation. */
export function cdkInit(): string {
  const project = join(temporaryFolder(), "cdk-app")
  mkdirSync(project)
  const cdk = join(repository, "node_modules/aws-cdk/bin/cdk")
  mustRun(project, process.execPath, [cdk, "init", "app", "--language", "typescript", "--generate-only"])
  return project
}
