import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tokenRequest } from "../../../app/terminal/token-client.ts";

let dir: string;
const asked: (string | undefined)[] = [];
const github = createServer((request, response) => {
  asked.push(request.headers.authorization);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gh-"));
  // It has a token for this host alone.
  writeFileSync(join(dir, "gh"), '#!/bin/sh\n[ "$*" = "auth token --hostname 127.0.0.1" ] && echo gho_of_gh\n', {
    mode: 0o755,
  });
  await new Promise<void>((resolve) => github.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  github.close();
  rmSync(dir, { recursive: true });
});

const clientIn = (env: Record<string, string>) => {
  const { port } = github.address() as AddressInfo;
  const io = { out() {}, err() {}, exit() {}, cwd: dir, color: false };
  return tokenRequest({ ...io, env: { GITHUB_API_URL: `http://127.0.0.1:${port}`, PATH: dir, ...env } }, "--pr");
};

test("a token that is set goes before the one that `gh` has; without both the option says what to do", async () => {
  for (const env of [{ GITHUB_TOKEN: "ghp_set" }, { GH_TOKEN: "ghp_other" }, {}, { GITHUB_TOKEN: "" }]) {
    const client = await clientIn(env);
    if (client.known) await client.value("GET /user");
  }
  expect(asked).toEqual(["token ghp_set", "token ghp_other", "token gho_of_gh", "token gho_of_gh"]);
  const why = expect.stringMatching(/^--pr needs a token .* `gh auth login`, or set GITHUB_TOKEN$/);
  expect(await clientIn({ PATH: "/nowhere" })).toEqual({ known: false, why });
  // A token for one GitHub is sent to no other.
  expect(await clientIn({ GITHUB_API_URL: "https://api.github.com" })).toEqual({ known: false, why });
});
