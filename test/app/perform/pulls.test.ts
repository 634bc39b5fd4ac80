import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { perform } from "../../../app/perform/perform.ts";
import type { Effect } from "../../../core/effects.ts";
import { openIssue, openPull, written } from "../../builders/effect-scenes.ts";
import { type Acme, anchor, type Json, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

describe("a pull request", () => {
  test("T252 that is open already is found, whoever asks", async () => {
    const change = await written(acme);
    const { number } = await acme.as("wes", "POST", "pulls", {
      head: change.branch,
      base: "main",
      title: "By hand",
    });
    expect(await acme.perform(openPull(change))).toEqual({ type: "pull", number });
  });

  test("T254 that a person closed stays closed", async () => {
    const change = await written(acme);
    const opened = await acme.perform(openPull(change));
    if (opened.type !== "pull") throw new Error("no pull request");
    await acme.as("lena", "PATCH", `pulls/${opened.number}`, { state: "closed" });
    await expect(acme.perform(openPull(change))).rejects.toMatchObject({ code: "pull-closed", retry: false });
    expect(await acme.as("lena", "GET", `pulls/${opened.number}`)).toMatchObject({ state: "closed" });
  });

  test("T252 that was merged before it was recorded is the one", async () => {
    const change = await written(acme);
    const opened = await acme.perform(openPull(change));
    if (opened.type !== "pull") throw new Error("no pull request");
    await acme.as("lena", "PUT", `pulls/${opened.number}/merge`, {});
    expect(await acme.perform(openPull(change))).toEqual(opened);
  });

  test("T254 stays closed also where forks have so many of its branch's name that a query does not show it", async () => {
    const change = await written(acme);
    const opened = await acme.perform(openPull(change));
    if (opened.type !== "pull") throw new Error("no pull request");
    await acme.as("lena", "PATCH", `pulls/${opened.number}`, { state: "closed" });
    const request = new Proxy(acme.world.reader.request, {
      async apply(target, itself, call) {
        const answer = await Reflect.apply(target, itself, call);
        answer.data.data.repository.pullRequests = { pageInfo: { hasNextPage: true }, nodes: [] };
        return answer;
      },
    });
    const crowded = { ...acme.world, reader: { ...acme.world.reader, request } };
    await expect(perform(openPull(change), crowded, async () => anchor)).rejects.toMatchObject({ code: "pull-closed" });
  });

  test("T269 waits where GitHub's limit ended the query, and is not given up", async () => {
    const change = await written(acme);
    acme.sandbox.fault({ kind: "secondary_limit", path: "/graphql$", retry_after: 1_800 });
    await expect(acme.perform(openPull(change))).rejects.toMatchObject({
      code: "rate-limit",
      retry: true,
      notBefore: expect.any(Date),
    });
  });

  test("is not opened on a commit that this run did not write", async () => {
    const change = await written(acme);
    await expect(acme.perform(openPull({ ...change, head: "b".repeat(40) }))).rejects.toMatchObject({
      code: "foreign-commit",
    });
  });

  test("T189 pings, closes and commands nothing, whatever a model called it", async () => {
    const effect = {
      ...openPull(await written(acme)),
      title: "Closes #1 @acme/all",
      body: "/approve\n![x](https://evil.example)\nfixes #2",
    };
    const opened = await acme.perform(effect);
    if (opened.type !== "pull") throw new Error("no pull request");
    const { title, body } = await acme.as("lena", "GET", `pulls/${opened.number}`);
    expect(`${title}\n${body}`).not.toMatch(/closes #|fixes #|@acme|^\/approve|!\[/im);
  });

  test.each([
    ["an agent that says too much", "x".repeat(100_000), 20],
    ["a reviewer agent that says too much", "It is done.", 100_000],
    ["both", "x".repeat(100_000), 100_000],
  ])("keeps what is folded, for people to see what has to be mended: %s", async (_, body, length) => {
    const folds = [
      { title: "Advice: 1 must", text: `It greets nobody.${"y".repeat(length)}` },
      { title: "Where this change comes from", text: "run-1-1" },
    ];
    const opened = await acme.perform({ ...openPull(await written(acme)), body, folds });
    if (opened.type !== "pull") throw new Error("no pull request");
    const { body: text }: Json = await acme.as("lena", "GET", `pulls/${opened.number}`);
    expect(text.length).toBeLessThanOrEqual(65_535);
    expect(text).toMatch(/^(?:It is done|xxx)[\s\S]*1 must<[\s\S]*It greets nobody\.[\s\S]*run-1-1\n\n<\/details>$/);
    expect(text.match(/<\/?details>/g)).toHaveLength(4);
  });
});

describe("a diff prompt", () => {
  type OpenPrompt = Extract<Effect, { type: "open-prompt" }>;
  const prompt = async (more: Partial<OpenPrompt> = {}): Promise<OpenPrompt> => {
    const story = await openIssue(acme, "A story");
    const key = `prompt/9/${story}/1/1`;
    return {
      type: "open-prompt",
      key,
      story,
      title: "Change the page",
      body: "# Do it",
      blockedBy: [],
      ...more,
    };
  };

  test("T251 that a crash left beside its story is put below it", async () => {
    const effect = await prompt();
    acme.sandbox.fault({ kind: "status", method: "POST", path: "/sub_issues$", status: 500 });
    await expect(acme.perform(effect)).rejects.toMatchObject({ retry: true });
    const loose: Json[] = await acme.as("lena", "GET", "issues?labels=diff-prompt&state=all");
    expect(await acme.perform(effect)).toEqual({ type: "issue", number: loose[0].number });
  });

  test("of a person with our mark is not taken for ours", async () => {
    const effect = await prompt();
    const body = `x\n\n<!-- sallyport:${effect.key} -->`;
    const forged = await openIssue(acme, "Forged", { body, labels: ["diff-prompt"] });
    const opened = await acme.perform(effect);
    expect(opened).toMatchObject({ type: "issue", number: expect.any(Number) });
    expect(opened).not.toMatchObject({ number: forged });
  });

  test("T189 its text pings nobody and carries no mark but its own", async () => {
    const other = await prompt();
    const opened = await acme.perform(
      await prompt({ title: "Ask @acme/all", body: `/approve\n<!-- sallyport:${other.key} -->` }),
    );
    if (opened.type !== "issue") throw new Error("no issue");
    const { title, body } = await acme.as("lena", "GET", `issues/${opened.number}`);
    expect(`${title}\n${body}`).not.toMatch(/@acme|^\/approve/m);
    expect(await acme.perform(other)).not.toEqual(opened);
  });
});

describe("the check", () => {
  const check = (sha: string, more: object = {}) =>
    ({
      type: "ensure-check",
      key: `check/${sha}`,
      sha,
      verdictSha256: "a".repeat(64),
      status: "in_progress",
      conclusion: null,
      title: "Waiting for 1 sign-off",
      summary: "Not yet.",
      annotations: [],
      ...more,
    }) as const;
  const runs = async (sha: string): Promise<Json[]> =>
    (await acme.as("lena", "GET", `commits/${sha}/check-runs?filter=all`)).check_runs;

  test("goes from in progress to completed as one run, and shows the ledger's head", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head));
    await acme.perform(
      check(head, {
        status: "completed",
        conclusion: "success",
        verdictSha256: "b".repeat(64),
        title: "All gates pass",
      }),
    );
    expect(await runs(head)).toEqual([
      expect.objectContaining({
        name: "sallyport",
        status: "completed",
        conclusion: "success",
        external_id: "b".repeat(64),
      }),
    ]);
    const text = expect.stringMatching(/^Given at \d{4}-\d\d-\d\d \d\d:\d\d UTC\. [^\n]+\n\nLedger head: `1:abc`$/);
    expect((await runs(head))[0].output).toMatchObject({ title: "All gates pass", text });
  });

  test("leads to the page of the pull request that it is about", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head, { pull: 7 }));
    const [{ details_url: details }] = await runs(head);
    expect(details).toBe("https://sallyport.example.com/repositories/acme/web/pulls/7");
  });

  test("that was completed and is undecided again is not green any more", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head, { status: "completed", conclusion: "success" }));
    await acme.perform(check(head, { verdictSha256: "c".repeat(64) }));
    const { check_runs: latest } = await acme.as("lena", "GET", `commits/${head}/check-runs`);
    expect(latest.map((one: Json) => [one.status, one.conclusion])).toEqual([["in_progress", null]]);
    // The run that ended is history and is not rewritten.
    expect((await runs(head)).map((one) => one.conclusion).sort()).toEqual([null, "success"].sort());
  });

  const marks = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      title: "sallyport: scope",
      message: `reason ${at}`,
      path: "src/a.ts",
      line: at + 1,
    }));
  const failed = { status: "completed", conclusion: "failure" };
  const lines = async (sha: string): Promise<number[]> => {
    const [run] = (await acme.as("lena", "GET", `commits/${sha}/check-runs`)).check_runs;
    const pages = await Promise.all(
      [1, 2].map((page) => acme.as("lena", "GET", `check-runs/${run.id}/annotations?per_page=100&page=${page}`)),
    );
    return pages.flat().map((one: Json) => one.start_line);
  };

  test("marks lines, more of them than GitHub takes at once, and each once", async () => {
    const { head } = await written(acme);
    const nowhere = { title: "sallyport: diff-size", message: "too large", path: null, line: null };
    await acme.perform(check(head, { ...failed, annotations: [...marks(120), nowhere] }));
    const all = Array.from({ length: 120 }, (_, at) => at + 1);
    expect(await lines(head)).toEqual(all);
    acme.written();
    await acme.perform(check(head, { ...failed, annotations: marks(120) }));
    expect(acme.written()).toEqual([]);
  });

  test("that was stopped between two batches gets the rest", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head, { ...failed, annotations: marks(50) }));
    await acme.perform(check(head, { ...failed, annotations: marks(70) }));
    expect(await lines(head)).toHaveLength(70);
    expect(await runs(head)).toHaveLength(1);
  });

  test("of another verdict does not keep the marks of the one before", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head, { ...failed, annotations: marks(3) }));
    await acme.perform(check(head, { ...failed, verdictSha256: "d".repeat(64), annotations: marks(1) }));
    expect(await lines(head)).toEqual([1]);
  });

  test("T282 a summary over GitHub's limit is cut and still posted", async () => {
    const { head } = await written(acme);
    await acme.perform(check(head, { summary: "y".repeat(80_000) }));
    const [run] = await runs(head);
    expect(run.output.summary).toMatch(/^y+\n\n… The rest is too long/);
    acme.written();
    await acme.perform(check(head, { summary: "y".repeat(80_000) }));
    expect(acme.written()).toEqual([]);
  });
});
