import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { collectPull } from "../../../collect/pull/pull.ts";
import type { Attachments } from "../../../core/facts.ts";
import { type Known, known } from "../../../core/known.ts";
import { zipOf } from "../../builders/zip.ts";
import { type GitSide, startGitSide } from "../../hosts/sandbox-git.ts";

const policy = `version: 1
people: { approvers: ["@quinn"] }
gates:
  evidence:
    require:
      - { files: ["proof/*.json"], schema: proof.schema.json, artifacts: [coverage], attachments: 1 }
`;
const schema = JSON.stringify({
  type: "object",
  required: ["runs"],
  properties: { runs: { type: "integer", minimum: 1 } },
});
const shot = "https://github.com/user-attachments/assets/0f0c2f6e";

let side: GitSide;
let head: string;
beforeAll(async () => {
  side = await startGitSide({ files: { ".github/sallyport.yml": policy, "proof.schema.json": schema } });
  head = await side.commit("feature", "proof/a.json", '{"runs": 0}');
  await side.call("writer", "POST", "pulls", { title: "A change", head: "feature", base: "main", body: shot });
}, 30_000);
afterAll(() => side.close(), 30_000);

async function attachments(): Promise<Known<Attachments>> {
  const { request } = new Octokit({ baseUrl: side.sandbox.url, auth: "writer" });
  const found = await collectPull({ request, owner: "acme", repo: "web", number: 1, now: new Date().toISOString() });
  if (!found.known) throw new Error(found.why);
  return found.value.attachments;
}

test("reads artifacts of the head, uploads of people, and what does not fit the schema of the default branch", async () => {
  const upload = { repository: "acme/web", name: "coverage", workflow: ".github/workflows/ci.yml" };
  await side.call("admin", "POST", "/_sandbox/artifacts", { ...upload, head_sha: "0".repeat(40) });
  await side.call("admin", "POST", "/_sandbox/artifacts", { ...upload, head_sha: head });
  await side.call("writer", "POST", "issues/1/comments", { body: "Without a picture." });
  await side.call("writer", "POST", "issues/1/comments", { body: `Like this: ${shot}` });
  expect(await attachments()).toMatchObject({
    known: true,
    value: {
      artifacts: [
        {
          name: "coverage",
          expired: false,
          workflow: ".github/workflows/ci.yml",
          digest: expect.stringMatching(/^sha256:/),
        },
      ],
      comments: [
        {
          by: { login: "quinn" },
          edited: false,
          viaApp: false,
          files: 1,
          permission: { value: { role: "write", duties: ["approvers"] } },
        },
      ],
      schemaProblems: [{ path: "proof/a.json", schema: "proof.schema.json", problem: "/runs must be >= 1" }],
    },
  });
});

test("reads the report of coverage in the newest artifact of the head, from where GitHub keeps it", async () => {
  const upload = { repository: "acme/web", name: "coverage", workflow: ".github/workflows/ci.yml", head_sha: head };
  const zip = zipOf("out/lcov.info", "SF:a.ts\nDA:1,1\n").toString("base64");
  await side.call("admin", "POST", "/_sandbox/artifacts", { ...upload, zip });
  await side.commit(
    "main",
    ".github/sallyport.yml",
    policy.replace("attachments: 1", "coverage: { artifact: coverage, min: 1 }"),
  );
  const found = await attachments();
  expect(found.known && found.value.artifacts[0]?.reports).toEqual({ "": known("SF:a.ts\nDA:1,1\n") });
  await side.call("admin", "POST", "/_sandbox/artifacts", { ...upload, zip: "AAAA" });
  const broken = await attachments();
  expect(broken.known && broken.value.artifacts[0]?.reports).toEqual({
    "": { known: false, why: expect.stringMatching(/^the archive cannot be read: .*not a zip file/) },
  });
  // No more than one is downloaded and held, however many runs uploaded one of that name for this commit.
  expect(broken.known && broken.value.artifacts.map(({ reports }) => reports !== undefined)).toEqual([
    true,
    false,
    false,
  ]);
});

test("a schema that cannot be used leaves everything unknown, with the reason", async () => {
  await side.commit("main", "proof.schema.json", '{"type": "nothing"}');
  expect(await attachments()).toMatchObject({
    known: false,
    why: expect.stringMatching(/proof\.schema\.json .*cannot be used/),
  });
});
