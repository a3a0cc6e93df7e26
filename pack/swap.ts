import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { repository } from "./places.ts"

// npm packs the `package.json` that it finds in the root. So for the time of `npm pack` the package's own manifest
// stands there. What stood there before lies in a folder beside it, together with what took its place.

/** The two files of a swap: the repository's manifest, and the package's. */
const KEPT = "repository.json"
const SHIPPED = "package.json"

/** A root folder whose manifest can be replaced for a while. */
export interface Swap {
  /** Whether another manifest stands there, or may stand there in a moment. */
  readonly isReplaced: () => boolean
  /** Puts `text` in the place of `package.json`. */
  readonly replace: (text: string) => void
  /**
   * Puts the repository's manifest back, if it was replaced: also after a run that was cut short at any point. Throws,
   * and changes nothing, where somebody has edited the replacement.
   */
  readonly restore: () => void
}

/** @param root the folder of `package.json` */
export function manifestSwap(root: string = repository): Swap {
  const manifest = join(root, "package.json")
  const folder = join(root, ".cache", "pack")
  const kept = join(folder, KEPT)
  const shipped = join(folder, SHIPPED)

  function restore(): void {
    if (!existsSync(kept)) return
    const original = readFileSync(kept)
    const present = readFileSync(manifest)
    if (!present.equals(original)) {
      if (!existsSync(shipped) || !present.equals(readFileSync(shipped))) {
        throw new Error(
          `${manifest} was edited while \`npm pack\` had replaced it. Expected: your edit made in ${kept} instead, ` +
            `and that file moved to ${manifest}`,
        )
      }
      writeWhole(manifest, original)
    }
    // The one that tells of a swap comes first when one begins, and goes last.
    rmSync(shipped, { force: true })
    rmSync(kept, { force: true })
  }

  function replace(text: string): void {
    if (existsSync(kept)) throw new Error(`${kept} exists: another \`npm pack\` is under way`)
    mkdirSync(folder, { recursive: true })
    writeWhole(shipped, text)
    writeWhole(kept, readFileSync(manifest))
    writeWhole(manifest, text)
  }

  return { isReplaced: () => existsSync(kept), replace, restore }
}

/** At no time is there half a file. */
function writeWhole(file: string, content: string | Buffer): void {
  const temporary = `${file}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, file)
}
