import type { QueryErrorCode } from "../errors.ts"
import type { TreeNode } from "./syntax-tree.ts"

/** Thrown while a tree is walked; whoever walks makes a fault of it. */
export class Refusal extends Error {
  readonly code: QueryErrorCode
  readonly node: TreeNode | undefined

  constructor(code: QueryErrorCode, message: string, node?: TreeNode) {
    super(message)
    this.code = code
    this.node = node
  }
}
