import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Daemon } from "./daemon.ts"
import { dockerReading } from "./daemon.ts"

const run = promisify(execFile)

/** What the emulator in the image is told: all that it must be reached by, and functions as processes beside it. */
const ENVIRONMENT = { BIND_HOST: "0.0.0.0", IOT_MTLS_ENABLED: "0", LAMBDA_EXECUTOR: "local" }

/** Asks a Python where it is: each link of the way to its program, and its library. */
const WHERE = `
import os, sys, sysconfig
path = sys.executable
while True:
    print(os.path.abspath(path))
    if not os.path.islink(path):
        break
    path = os.path.join(os.path.dirname(path), os.readlink(path))
print(sysconfig.get_path("stdlib"))
print(sys.prefix)
`

/** Of Python's library, what an emulator does without: half of it. */
const LEFT_OUT = ["test", "idlelib", "site-packages", "dist-packages", "config-*"]

/**
 * Makes an image of this machine's own files: Python, the emulator, Node, and the libraries that they are linked with.
 * Nothing is pulled.
 *
 * @param python of the virtual environment that has the emulator
 * @param folder for the image's passing files
 */
export async function importImage(
  daemon: Daemon,
  python: string,
  folder: string,
  name: string,
): Promise<void> {
  const { stdout } = await run(python, ["-c", WHERE])
  const where = stdout.trim().split("\n")
  const trees = where.splice(-2)
  const files = [...where, "/bin/sh", process.execPath]
  files.push(...(await linkedLibraries([...files, ...trees])))
  const list = join(folder, "files")
  // An archive may name nothing twice.
  const apart = files.filter(file => !trees.some(tree => file.startsWith(`${tree}/`)))
  await writeFile(list, [...new Set([...trees, ...apart])].join("\n"))
  // Temporary files need a folder: an empty one of this run stands in for it.
  await run("mkdir", ["-m", "1777", join(folder, "tmp")])
  const excludes = LEFT_OUT.map(part => `--exclude=${trees[0]}/${part}`)
  // Links are followed, since what they lead over is left behind; this one would double the whole.
  const links = ["--dereference", `--exclude=${trees[1]}/lib64`, `--transform=s,^${folder}/tmp$,/tmp,`]
  const tar = [
    "tar",
    "-PC",
    "/",
    "-cf",
    "-",
    ...excludes,
    ...links,
    join(folder, "tmp"),
    "--files-from",
    list,
  ] as const
  const path = [join(process.execPath, ".."), "/usr/bin", "/bin"].join(":")
  const changes = [
    ...Object.entries({ ...ENVIRONMENT, PATH: path }).map(([key, value]) => `ENV ${key}=${value}`),
    "EXPOSE 4566",
    `CMD ${JSON.stringify([python, "-m", "ministack"])}`,
  ].flatMap(change => ["--change", change])
  await dockerReading(daemon, ["import", ...changes, "-", name], tar)
}

/** The shared libraries that programs, and the extension modules below folders, are linked with. */
async function linkedLibraries(paths: readonly string[]): Promise<string[]> {
  const modules = ["-name", "*.so", "-o", "-name", "*.so.*"]
  const { stdout: found } = await run("find", [
    ...paths,
    "-type",
    "f",
    "(",
    "-perm",
    "-u+x",
    "-o",
    ...modules,
    ")",
  ])
  const linked = new Set<string>()
  const { stdout } = await run(
    "/bin/sh",
    ["-c", 'ldd "$@" 2>/dev/null || true', "ldd", ...found.trim().split("\n")],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  // `libc.so.6 => /lib/libc.so.6 (0x…)`, and the loader without an arrow.
  for (const [, path] of stdout.matchAll(/(?:=>|^)\s+(\/\S+) \(0x/gm)) linked.add(path!)
  return [...linked]
}
