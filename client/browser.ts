import "./edge/browser.ts"

export * from "./public.ts"
