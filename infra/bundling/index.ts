export { functionAsset } from "./function-asset.ts"
export { layerAsset } from "./layer-asset.ts"
export type { Architecture, Layer } from "./native-packages.ts"
