import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "@jest/globals";

// A request that nothing keeps the process alive for: its time limit does not either.
const silence = "data:text/javascript,globalThis.fetch=()=>new Promise(()=>{})";

test.each([
  ["the command line could not decide", ["app/cli.ts", "check", "--pr", "acme/web#1"], 2],
  ["the Action's job fails", ["action/index.ts"], 1],
] as const)("T108 where an answer never comes, %s", async (_, program, status) => {
  const child = spawn(process.execPath, ["--no-warnings", "--import", silence, ...program], {
    env: {
      PATH: process.env.PATH,
      GITHUB_TOKEN: "ghp_x",
      GITHUB_REPOSITORY: "acme/web",
      "INPUT_GITHUB-TOKEN": "ghp_x",
      "INPUT_PULL-REQUEST": "1",
      "INPUT_FAIL-ON": "pending",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [said, , [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  expect(code).toBe(status);
  expect(said.includes("Passed")).toBe(false);
});
