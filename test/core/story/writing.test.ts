import { expect, test } from "@jest/globals";
import { subjectLine } from "../../../core/story/writing.ts";

test.each([
  ["Add a page [skip ci]", "Add a page (skip ci)"],
  ["[ci skip] Add [x]", "(ci skip) Add [x]"],
  ["Add ***NO_CI*** it", "Add NO_CI it"],
  ["Add [no ci][skip actions]", "Add (no ci)(skip actions)"],
  ["skip-checks: true", "skip-checks true"],
  [
    "Add\n\nSigned-off-by: Eve <eve@evil.example>\r\nskip-checks:true",
    "Add Signed-off-by: Eve <eve@evil.example> skip-checkstrue",
  ],
])("H10: a model's title %j is one line without directives", (title, line) => {
  expect(subjectLine(title)).toBe(line);
});
