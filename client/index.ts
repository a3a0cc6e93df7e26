import "./edge/node.ts"

export * from "./public.ts"
