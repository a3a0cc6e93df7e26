import type { AssignorName } from "../types.ts"
import { assignRange } from "./range.ts"
import { assignSticky } from "./sticky.ts"
import type { Assignor } from "./types.ts"
import { assignUniform } from "./uniform.ts"

export const assignors: Readonly<Record<AssignorName, Assignor>> = {
  range: assignRange,
  uniform: assignUniform,
  sticky: assignSticky,
}

export const DEFAULT_ASSIGNOR: AssignorName = "uniform"

export function isAssignor(name: string): name is AssignorName {
  return Object.hasOwn(assignors, name)
}
