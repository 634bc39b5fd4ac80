import { type Gate, notApplicable } from "../gate.ts";

export const harness: Gate = {
  name: "harness",
  group: "content",
  changesOn: ["push"],
  judge: () => notApplicable("harness", "not-configured", "being written"),
};
