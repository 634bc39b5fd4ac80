import { expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { reconcile } from "../../../app/reconcile/reconcile.ts";
import type { ReconcileTools } from "../../../app/reconcile/tools.ts";
import { createObjectsCache } from "../../../collect/github/cache.ts";
import { repositorySubject, type Subject } from "../../../core/subject.ts";

const issue: Subject = { kind: "issue", repository: 7, number: 9 };

/** Looks at a subject of a GitHub that answers every request with a status. */
async function look(status: number, subject = issue): Promise<{ said: string[]; failure: unknown }> {
  const said: string[] = [];
  const fetch = async () => Response.json({ message: "No." }, { status });
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const { request } = new Octokit({ baseUrl: "http://api.invalid", request: { fetch }, log: silent });
  const unused = async () => {
    throw new Error("nothing is decided");
  };
  const tools: ReconcileTools = {
    db: unused as never,
    ourselves: { appId: 1, slug: "sallyport", bot: { id: 2, login: "sallyport[bot]", type: "Bot" } },
    github: async () => ({ request, owner: "acme", repo: "web" }),
    secrets: async () => [],
    cache: createObjectsCache(1_000),
    entries: unused,
    standing: unused,
    takeLease: async () => 1,
    record: unused,
    now: () => new Date("2026-11-21T10:00:00.000Z"),
    onboarding: null,
    digestWebhook: null,
    log: (line) => said.push(line),
  };
  const failure = await reconcile(subject, tools).catch((error: unknown) => error);
  return { said, failure };
}

test.each([404, 410])("S1: what is gone (%i) is an answer and not a failure that is tried again", async (status) => {
  const { said, failure } = await look(status);
  expect(failure).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/^issue #9 is gone: /)]);
});

test.each([401, 403, 500, 502])("a GitHub that does not answer (%i) is tried again", async (status) => {
  expect(await look(status)).toMatchObject({ said: [], failure: { code: "github", retry: true } });
});

test("a repository that cannot be observed is tried again: it has no issue of its number that could be gone", async () => {
  expect(await look(404, repositorySubject(7))).toMatchObject({ said: [], failure: { code: "github", retry: true } });
});
