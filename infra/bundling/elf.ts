import { closeSync, openSync, readSync } from "node:fs"
import { type Architecture, NODE_ARCH } from "./native-packages.ts"

/** `e_machine`. Source: System V ABI, the supplements for x86-64 and AArch64. */
const MACHINES = new Map([
  [62, "x64"],
  [183, "arm64"],
])
const HEADER_BYTES = 20
const MAGIC = "\x7fELF"
const CLASS_64 = 2
const LITTLE_ENDIAN = 1

/** Throws unless the file is a 64-bit ELF object for the architecture: one for another fails only when it is loaded. */
export function checkElf(path: string, architecture: Architecture): void {
  const header = Buffer.alloc(HEADER_BYTES)
  const file = openSync(path, "r")
  try {
    readSync(file, header, 0, HEADER_BYTES, 0)
  } finally {
    closeSync(file)
  }
  const isElf =
    header.toString("latin1", 0, 4) === MAGIC && header[4] === CLASS_64 && header[5] === LITTLE_ENDIAN
  const found = isElf ? (MACHINES.get(header.readUInt16LE(18)) ?? "another machine") : "no ELF object"
  const expected = NODE_ARCH[architecture]
  if (found !== expected) throw new Error(`${path}: expected a library for ${expected}, got ${found}`)
}
