import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { browserPath, openEyes } from "../../hosts/browser.ts";

const long = "a-name-that-is-as-long-as-a-digest-".repeat(4);
let sandbox: Sandbox;
let sha: string;
beforeAll(async () => {
  sandbox = await startSandbox({
    seed: {
      users: [{ login: "lena", token: "ghp_lena" }],
      repositories: [
        {
          full_name: "lena/web",
          files: { "web/a b.ts": "one\n<script>alert(1)</script>\n" },
          collaborators: { lena: "admin" },
        },
      ],
    },
  });
  const ask = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${sandbox.url}/repos/lena/web/${path}`, {
      method,
      headers: { authorization: "Bearer ghp_lena", "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect([path, answer.ok]).toEqual([path, true]);
  };
  const branches = await fetch(`${sandbox.url}/repos/lena/web/branches`);
  const [main] = (await branches.json()) as { name: string; commit: { sha: string } }[];
  if (main === undefined) throw new Error("there is no branch");
  sha = main.commit.sha;
  await ask("POST", "git/refs", { ref: `refs/heads/${long}`, sha });
  const content = Buffer.from("two\n").toString("base64");
  await ask("PUT", "contents/two.ts", { message: "Two", branch: long, content });
  await ask("POST", "pulls", { title: `${long} of lena`, head: long, base: main.name, body: long });
  await ask("POST", "issues/1/comments", { body: long });
}, 30_000);
afterAll(() => sandbox.close());

const get = async (path: string) => {
  const answer = await fetch(`${sandbox.url}/lena/web/${path}`);
  return { status: answer.status, text: await answer.text() };
};

test("the addresses that a verdict's page leads to are there: a commit, and a file at a commit with its lines", async () => {
  const commit = await get(`commit/${sha}`);
  expect(commit).toMatchObject({ status: 200, text: expect.stringContaining("web/a b.ts") });
  const file = await get(`blob/${sha}/web/a%20b.ts`);
  expect(file).toMatchObject({ status: 200, text: expect.stringContaining('<span id="L2">2  &lt;script&gt;') });
  for (const path of [`commit/${"0".repeat(40)}`, `blob/${sha}/nothing`, `blob/${"0".repeat(40)}/web/a%20b.ts`])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
});

(browserPath === null ? test.skip : test)(
  "each page fits a phone, whatever names it has, and is well to read in light and dark",
  async () => {
    const eyes = await openEyes();
    try {
      for (const path of ["", "/pull/1", `/commit/${sha}`, `/blob/${sha}/web/a%20b.ts`]) {
        await eyes.page.goto(`${sandbox.url}/lena/web${path}`);
        expect(await eyes.look(`sandbox${path.split("/")[1] ?? ""}`)).toEqual([]);
      }
      expect(eyes.complaints).toEqual([]);
    } finally {
      await eyes.close();
    }
  },
  120_000,
);
