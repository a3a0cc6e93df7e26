export { functionAsset } from "./function-asset.ts"
export { jobAssets } from "./jobs/job-assets.ts"
export { layerAsset } from "./layer-asset.ts"
export type { Architecture, Layer } from "./native-packages.ts"
