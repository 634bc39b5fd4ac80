import { hashes, type TestLanguage } from "./language.ts";

/** How tests in Gherkin are read. */
export const gherkin: TestLanguage = {
  endings: "feature",
  syntax: { ...hashes, quotes: [] },
  blocks: "indent",
  cases: /^[ \t]{0,200}(?:Scenario(?: Outline| Template)?|Example):/gm,
  annotation: /@[\w.]{1,200}[ \t]{0,9}\(?/y,
  assertions: /^[ \t]{0,200}Then\b/gm,
  never: /(?<!\w)@(?:skip|ignore|wip|disabled)\b/gi,
};
