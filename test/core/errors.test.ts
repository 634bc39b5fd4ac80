import { expect, test } from "@jest/globals";
import { messageOf } from "../../core/errors.ts";

test.each([
  ["its message", new Error("the disk is full"), "the disk is full"],
  [
    "its code, where it has no message",
    Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }),
    "ECONNREFUSED",
  ],
  ["its message before its code", Object.assign(new Error("no such file"), { code: "ENOENT" }), "no such file"],
  ["the text of what is no error", "thrown", "thrown"],
])("an error is told by %s", (_, error, told) => {
  expect(messageOf(error)).toBe(told);
});
