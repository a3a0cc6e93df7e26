// `node bundle-jobs-program.ts '{"entry":…,"jobs":[…]}'`: esbuild's plugins are asynchronous, synthesis is not.
import { bundleJobs } from "./bundle-jobs.ts"
import type { JobsTask } from "./job-assets.ts"

await bundleJobs(JSON.parse(process.argv[2] ?? "") as JobsTask)
