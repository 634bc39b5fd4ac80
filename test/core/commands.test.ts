import { describe, expect, test } from "@jest/globals";
import { commandBelow, parseCommand } from "../../core/commands.ts";

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

describe("a comment of anybody", () => {
  // Tried in every way, each of these would take hours.
  const blanks = " ".repeat(60_000);
  test.each([
    ["that begins like a command and ends in another kind of line break", `/x${blanks}\u2028x`, null],
    ["with as many blanks inside", `/x a${blanks}\u2028x`, null],
    ["that asks for too much", `/status${blanks}x`, { name: "status", reply: expect.stringContaining("`/status`") }],
    ["with blanks after a command", `/status${blanks}`, { name: "status" }],
  ])("%s is read in one go", (_what, body, expected) => {
    const command = parseCommand(body);
    if (expected === null) expect(command).toBeNull();
    else expect(command).toMatchObject(expected);
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
    expect(parseCommand(`/rollback ${name}`)).toMatchObject({
      reply: expect.stringContaining("`/rollback <checkpoint>`"),
    });
  });
});

describe("T10: a line that looks like a command and is none", () => {
  test.each([
    ["/aprove abc", "/approve <digest>"],
    ["/Plan", "/plan [with <route>]"],
    [" /plan", "/plan [with <route>]"],
    ["/signoff abc pass manual", "/sign-off <commit> pass|fail <test>"],
    ["/sign_off abc", "/sign-off <commit> pass|fail <test>"],
    ["/lgtm", "/help"],
    ["/status.", "/status"],
    [`/approve: ${"1".repeat(64)}`, "/approve <digest>"],
  ])("%s is told what is near: %s", (line, near) => {
    const command = parseCommand(line);
    expect(command).toMatchObject({ name: "help", reply: expect.stringContaining(`\`${near}\``) });
    expect(JSON.stringify(command)).toContain(line.trim().split(" ")[0]);
  });

  test("blanks that do not break, as copied from a page, are blanks", () => {
    const command = parseCommand(`/sign-off\u00a0${sha}\u00a0pass\u00a0manual\r\nIt\u00a0works.`);
    expect(command).toMatchObject({ name: "sign-off", sha, result: "pass", test: "manual", text: "It\u00a0works." });
  });

  test.each([
    "LGTM /plan",
    "    /plan",
    "> /plan",
    "/usr/bin/env says no",
    "/",
    "/ plan",
    "/1",
    "`/plan`",
    "//plan",
    "/etc: full",
  ])("%j is talk, and gets no answer", (line) => {
    expect(parseCommand(line)).toBeNull();
  });
});

describe("a command below the first line", () => {
  const signOff = `/sign-off ${sha} pass manual`;

  test.each([
    [`LGTM\n${signOff}`, "sign-off"],
    ["\r\n/run", "run"],
    ["See:\n```\n/stop\n```\n/help", "help"],
  ])("%j is told to stand first", (body, name) => {
    expect(parseCommand(body)).toBeNull();
    expect(commandBelow(body)).toEqual({
      name,
      reply: `\`/${name}\` counts only as the first line of a comment, so it was not read. Write it as a new comment.`,
    });
  });

  test.each([
    "Fine.",
    "Fine.\n\n> /run",
    "Fine.\n```\n/run\n```",
    "Fine.\n~~~\n/run",
    "Fine.\n    /run",
    "Fine.\n/sign-off <commit> pass manual",
    "Fine.\n/usr/bin",
  ])("is none in %j", (body) => {
    expect(commandBelow(body)).toBeNull();
  });

  test("is named where another one stands first", () => {
    expect(parseCommand(`/approve ${"1".repeat(64)}\n/run`)).toMatchObject({ name: "approve", unread: "run" });
    expect(parseCommand(`${signOff}\nFirefox.\n${signOff}`)).toMatchObject({ name: "sign-off", unread: "sign-off" });
    expect(parseCommand(`${signOff}\nFirefox.`)).not.toHaveProperty("unread");
  });
});
