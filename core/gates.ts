import type { Gate, GateName } from "./gate.ts";
import { diffSize } from "./gates/diff-size.ts";
import { evidence } from "./gates/evidence.ts";
import { forbiddenPaths } from "./gates/forbidden-paths.ts";
import { manualTest } from "./gates/manual-test.ts";
import { scope } from "./gates/scope.ts";

/** Every gate by its name. A gate is added here, in `gateNames` and, if it takes settings, in the policy's schema. */
export const gates = {
  "forbidden-paths": forbiddenPaths,
  "diff-size": diffSize,
  scope,
  evidence,
  "manual-test": manualTest,
} satisfies Record<GateName, Gate>;
