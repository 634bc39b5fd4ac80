import { type Gate, notApplicable } from "../gate.ts";

export const tests: Gate = {
  name: "tests",
  group: "content",
  changesOn: ["push"],
  judge: () => notApplicable("tests", "not-configured", "being written"),
};
