import { describe, expect, test } from "@jest/globals";
import { parseCommand } from "../../core/commands.ts";

const sha = "a".repeat(40);

describe("a command's text", () => {
  test.each([
    "/block ",
    "/clarify ",
    "/refine ",
    `/sign-off ${sha} pass manual\n`,
    `/adopt ${sha} for #3 because `,
    `/waive ci ${sha} until 2026-12-31 because `,
  ])("%j is cut to what an entry keeps, and never to half a character", (before) => {
    const command = parseCommand(`${before}${"a".repeat(3_999)}\u{1F600} and more`);
    expect(command).toHaveProperty("text", `${"a".repeat(3_999)}\uFFFD`);
  });
});

describe("a checkpoint's name", () => {
  test("is read as it is shown", () => {
    expect(parseCommand("/rollback run-12-1/34/R0S1")).toEqual({
      name: "rollback",
      checkpoint: "run-12-1/34/R0S1",
    });
  });

  test.each([
    "run-12-1/34",
    "run-12-1/34/r0s1",
    "run-12-1/34/R0S1 now",
    `run-12-1/34/R0S${"1".repeat(11)}`,
    `run-${"1".repeat(11)}-1/34/R0S1`,
  ])("is not %s", (name) => {
    expect(parseCommand(`/rollback ${name}`)).toMatchObject({ form: "/rollback <checkpoint>" });
  });
});
