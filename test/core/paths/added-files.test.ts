import { expect, test } from "@jest/globals";
import type { Content } from "../../../core/facts.ts";
import { addedFiles, emptyReason } from "../../../core/paths/added-files.ts";
import { change, head, renamed } from "../../builders/pull-facts.ts";

const side = { mode: "100644", sha: head };

test.each([
  ["a new file", [change("docs/a", { before: null })], ["docs/a"]],
  ["new content", [change("docs/a", { after: side })], ["docs/a"]],
  ["new content that may be run", [change("docs/a", { after: { ...side, mode: "100755" } })], ["docs/a"]],
  ["a file moved here", renamed("old/a", "docs/a"), ["docs/a"]],
  ["a link that became a file", [change("docs/a", { before: { mode: "120000", sha: "1" } })], ["docs/a"]],
  ["a file moved away", renamed("docs/a", "old/a"), []],
  ["a deletion", [change("docs/a", { after: null })], []],
  [
    "another mode of the same content",
    [change("docs/a", { after: { ...change("").before, mode: "100755", sha: "e".repeat(40) } })],
    [],
  ],
  ["a link", [change("docs/a", { after: { mode: "120000", sha: head } })], []],
  ["a submodule", [change("docs/a", { before: null, after: { mode: "160000", sha: head } })], []],
  ["a folder of another case", [change("Docs/a", { before: null })], []],
  ["a hostile name", [change("docs/a\n", { before: null })], []],
])("%s", (_, changes, expected) => {
  expect(addedFiles(changes, ["docs"]).map(({ path }) => path)).toEqual(expected);
});

test.each<[Content, string | null]>([
  [{ state: "absent" }, "is not there"],
  [{ state: "opaque", why: "link" }, "cannot be read as text (link)"],
  [{ state: "text", text: " \n\u200B\uFEFF---" }, "is empty"],
  [{ state: "text", text: "1" }, null],
  [{ state: "text", text: "é" }, null],
])("%j: %s", (content, why) => {
  expect(emptyReason(content)).toBe(why);
});
