import { describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { reconcile } from "../../../app/reconcile/reconcile.ts";
import type { ReconcileTools } from "../../../app/reconcile/tools.ts";
import type { Reading } from "../../../app/store/readings.ts";
import { createObjectsCache } from "../../../collect/github/cache.ts";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import { repositorySubject, type Subject } from "../../../core/subject.ts";
import { begin, playStory } from "../../builders/story.ts";

const issue: Subject = { kind: "issue", repository: 7, number: 9 };

/** Looks at a subject of a GitHub that answers every request with a status. */
async function look(
  status: number,
  subject = issue,
  { entries = [], body = { message: "No." } }: { entries?: TypedEntry[]; body?: object } = {},
): Promise<{ said: string[]; failure: unknown; recorded: Draft[] }> {
  const said: string[] = [];
  const recorded: Draft[] = [];
  const fetch = async () => Response.json(body, { status });
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const { request } = new Octokit({ baseUrl: "http://api.invalid", request: { fetch }, log: silent });
  const unused = async () => {
    throw new Error("nothing is decided");
  };
  const tools: ReconcileTools = {
    db: unused as never,
    ourselves: {
      appId: 1,
      slug: "sallyport",
      page: "https://github.com/apps/sallyport",
      bot: { id: 2, login: "sallyport[bot]", type: "Bot" },
    },
    github: async () => ({ request, owner: "acme", repo: "web" }),
    secrets: async () => [],
    cache: createObjectsCache(1_000),
    entries: async () => ({ entries, through: entries.length }) as unknown as Reading,
    standing: unused,
    takeLease: async () => 1,
    record: async (_, { drafts }) => {
      recorded.push(...drafts);
      return "recorded";
    },
    now: () => new Date("2026-11-21T10:00:00.000Z"),
    onboarding: null,
    digestWebhook: null,
    log: (line) => said.push(line),
  };
  const failure = await reconcile(subject, tools).catch((error: unknown) => error);
  return { said, failure, recorded };
}

test.each([404, 410])("S1: what is gone (%i) is an answer and not a failure that is tried again", async (status) => {
  const { said, failure } = await look(status);
  expect(failure).toBeUndefined();
  expect(said).toEqual([expect.stringMatching(/^issue #9 is gone: /)]);
});

describe("T3: of an issue that is gone", () => {
  test("the run ends, and with it the agent's work, which nobody could stop there", async () => {
    const { entries } = begin();
    const { recorded } = await look(404, { ...issue, number: 2 }, { entries });
    expect(recorded).toMatchObject([{ kind: "run.closed", body: { run: "run-2-1", status: "cancelled" } }]);
    expect((await look(500, { ...issue, number: 2 }, { entries })).recorded).toEqual([]);
  });

  test("also where it was moved, for which GitHub answers from its new place", async () => {
    const story = playStory();
    story.say("lena", "/plan");
    const moved = { entries: story.entries, body: { number: 40, data: { repository: null } } };
    const { said, recorded } = await look(200, { ...issue, number: 2 }, moved);
    expect(said).toEqual([expect.stringMatching(/^issue #2 is gone: /)]);
    expect(recorded).toMatchObject([{ kind: "plan.failed", body: { story: 2, code: "gone" } }]);
  });

  test("nothing is recorded where nothing goes on", async () => {
    expect((await look(410)).recorded).toEqual([]);
  });
});

test.each([401, 403, 500, 502])("a GitHub that does not answer (%i) is tried again", async (status) => {
  expect(await look(status)).toMatchObject({ said: [], failure: { code: "github", retry: true } });
});

test("a repository that cannot be observed is tried again: it has no issue of its number that could be gone", async () => {
  expect(await look(404, repositorySubject(7))).toMatchObject({ said: [], failure: { code: "github", retry: true } });
});
