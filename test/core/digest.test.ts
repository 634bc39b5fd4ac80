import { expect, test } from "@jest/globals";
import { bodyRef } from "../../core/digest.ts";

test("a stored text is named by its digest and its length in bytes", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  expect(bodyRef("")).toEqual({ sha256: empty, bytes: 0, mediaType: "application/json" });
  expect(bodyRef("é").bytes).toBe(2);
});
