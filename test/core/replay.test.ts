import { describe, expect, test } from "@jest/globals";
import { digestOf } from "../../core/contract.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { replayRun } from "../../core/replay.ts";
import { replayConcerns, replayText } from "../../core/replay-report.ts";
import type { ReplayGit, ReplaySources, WrittenCommit } from "../../core/replay-sources.ts";
import { recordedRun } from "./replay-story.ts";
import { policy } from "./road.ts";

const { entries, sources } = recordedRun(policy);
const run = "run-2-1";

function replay(changed: readonly TypedEntry[] = entries, from: ReplaySources = sources) {
  const replayed = replayRun(run, changed, from);
  if (replayed === null) throw new Error("the run is unknown");
  return replayed;
}

/** The steps that are not the same, by what they are about and how they came out. */
function notSame(changed: readonly TypedEntry[], from: ReplaySources = sources): string[] {
  return replay(changed, from).steps.flatMap(({ step, about, result }) =>
    result === "same" ? [] : [`${result}: ${step} ${about}`],
  );
}

/** The entries with one of a kind changed in one or more fields of its body; counted from the end as `at` does. */
function altered<K extends TypedEntry["kind"]>(
  kind: K,
  change: Partial<Extract<TypedEntry, { kind: K }>["body"]>,
  place = -1,
): TypedEntry[] {
  const chosen = entries.filter((entry) => entry.kind === kind).at(place);
  if (chosen === undefined) throw new Error(`there is no ${kind}`);
  // The change was typed for this kind; a spread over the union of kinds loses that.
  return entries.map((entry) =>
    entry === chosen ? ({ ...entry, body: { ...entry.body, ...change } } as TypedEntry) : entry,
  );
}

function git(change: Partial<ReplayGit>): ReplaySources {
  if (sources.git === null) throw new Error("the run has no git");
  return { ...sources, git: { ...sources.git, ...change } };
}

/** The sources with the last commit changed. */
function commit(change: (written: WrittenCommit) => Known<WrittenCommit>): ReplaySources {
  const commits = new Map(sources.git?.commits);
  const [sha, written] = [...commits].at(-1) ?? ["", unknown("none")];
  if (!written.known) throw new Error("the run has no commit");
  return git({ commits: commits.set(sha, change(written.value)) });
}

const other = { sha256: "9".repeat(64), sha: "9".repeat(40) };

test("a run of two prompts, the first tried twice, is the same in every step", () => {
  const { ok, counts, steps } = replay();
  expect(steps.filter(({ result }) => result !== "same")).toEqual([]);
  expect({ ok, counts }).toEqual({
    ok: true,
    counts: { same: steps.length, differs: 0, unpublished: 0, missing: 0 },
  });
  const names = (about: string) => steps.flatMap((one) => (one.about === about ? [one.step] : []));
  expect(names("#3 R0/S0")).toEqual(["attempt", "prompt", "answer", "review"]);
  const whole = ["attempt", "prompt", "answer", "review", "evidence", "commit", "trailers"];
  expect([names("#3 R0/S1"), names("#4 R0/S0")]).toEqual([whole, whole]);
  expect(steps.map(({ step }) => step).filter((step, place, all) => all.indexOf(step) === place)).toEqual([
    ...["plan", "paths", "approval", "separation", "policy", "contract", "run", "attempt", "prompt"],
    ...["answer", "review", "evidence", "commit", "trailers", "pull request", "end"],
  ]);
});

test("a run that nobody submitted is unknown", () => {
  expect(replayRun("run-2-2", entries, sources)).toBeNull();
});

const approval = entries.find((entry) => entry.kind === "approval.granted");
const parts = approval?.kind === "approval.granted" ? approval.body.parts : null;
if (parts === null) throw new Error("nothing was approved");
const frozen = entries.find((entry) => entry.kind === "contract.frozen");
const prompts = frozen?.kind === "contract.frozen" ? frozen.body.prompts : [];
const last = "#4 R0/S0";
const plainFile = { mode: "100644", sha: other.sha };

describe("a change that makes exactly one step differ", () => {
  const cases: [string, TypedEntry[], ReplaySources?][] = [
    ["plan plan of revision 1", altered("plan.proposed", { planSha256: other.sha256 })],
    [
      "paths plan of revision 1",
      altered("approval.granted", { parts: { ...parts, paths: [...parts.paths, "web/**"] } }),
    ],
    [
      "approval plan of revision 1",
      altered("approval.granted", { parts: { ...parts, issue: other.sha256 } }),
    ],
    ["separation @quinn", altered("approval.granted", { solo: true })],
    ["separation @quinn", altered("plan.proposed", { requestedBy: { id: 2, login: "quinn", type: "User" } })],
    [
      "separation @sallyport[bot]",
      entries.map((entry) =>
        entry.kind === "approval.granted"
          ? { ...entry, actor: { type: "app", id: 99, login: "sallyport[bot]" } }
          : entry,
      ),
    ],
    [
      "policy .github/sallyport.yml",
      entries,
      git({ policyAtBase: known({ mode: "100644", sha: other.sha }) }),
    ],
    [
      "policy .github/sallyport.yml",
      entries,
      git({ policyAtBase: known({ mode: "120000", sha: parts.policy }) }),
    ],
    ["policy .github/sallyport.yml", entries, git({ policyAtBase: known(null) })],
    ["contract revision 1", altered("contract.frozen", { risk: "low" })],
    [
      "contract prompt 2 of 2",
      altered("contract.frozen", {
        prompts: prompts.map((one) => (one.index === 2 ? { ...one, text: `${one.text} And more.` } : one)),
      }),
    ],
    [
      "contract prompt 2 of 2",
      altered("contract.frozen", {
        prompts: prompts.map((one) => (one.index === 2 ? { ...one, paths: ["**"] } : one)),
      }),
    ],
    ["run @lena", altered("run.submitted", { digest: other.sha256 })],
    ["run @lena", altered("run.submitted", { prompts: [4, 3] })],
    ["run @lena", altered("run.submitted", { by: { id: 3, login: "rita", type: "User" } })],
    [`prompt ${last}`, altered("prompt.recorded", { branch: "main" })],
    [`prompt ${last}`, altered("prompt.recorded", { pack: { ...packRef(), bytes: 1 } })],
    [`answer ${last}`, altered("response.recorded", { code: "refused" })],
    [`review ${last}`, altered("attempt.closed", { reasons: [{ source: "r", code: "c", message: "m" }] })],
    [`evidence ${last}`, altered("evidence.captured", { role: "db" })],
    [`evidence ${last}`, altered("evidence.captured", { base: other.sha })],
    [`commit ${last}`, altered("change.committed", { tree: other.sha })],
    [`commit ${last}`, altered("change.committed", { parent: other.sha })],
    [`commit ${last}`, entries, commit((one) => known({ ...one, parents: [...one.parents, other.sha] }))],
    [
      `commit ${last}`,
      entries,
      commit((one) => known({ ...one, files: new Map([["web/step-2/a.ts", other.sha256]]) })),
    ],
    [
      `commit ${last}`,
      entries,
      commit((one) =>
        known({ ...one, changes: [...one.changes, { path: "web/b", before: plainFile, after: null }] }),
      ),
    ],
    [
      `commit ${last}`,
      entries,
      commit((one) =>
        known({
          ...one,
          changes: one.changes.map((each) => ({ ...each, after: { ...plainFile, mode: "100755" } })),
        }),
      ),
    ],
    [
      `trailers ${last}`,
      entries,
      commit((one) =>
        known({ ...one, message: one.message.replace(/Answer-SHA256: ./, "Answer-SHA256: x") }),
      ),
    ],
    [
      `trailers ${last}`,
      entries,
      commit((one) => known({ ...one, message: `${one.message.trimEnd()}\nSallyport-Run: run-9-9\n` })),
    ],
    ["pull request #12 for #4", altered("pull.opened", { head: other.sha })],
    ["end run-2-1", entries.filter((entry) => entry.kind !== "prompt.completed" || entry.body.prompt !== 4)],
  ];
  test.each(cases)("%s", (step, changed, from = sources) => {
    expect(notSame(changed, from)).toEqual([`differs: ${step}`]);
  });

  test("attempt: an entry that comes twice", () => {
    const closed = entries.findLast((entry) => entry.kind === "attempt.closed");
    if (closed === undefined) throw new Error("nothing was closed");
    const twice = [...entries, { ...closed, seq: entries.length + 1 }];
    expect(notSame(twice)).toEqual([`differs: attempt ${last}`]);
  });
});

function packRef() {
  const asked = entries.findLast((entry) => entry.kind === "prompt.recorded");
  if (asked?.kind !== "prompt.recorded") throw new Error("nothing was asked");
  return asked.body.pack;
}

describe("bodies", () => {
  const changedBody = <T>(bodies: ReadonlyMap<string, { text: string; value: T | null }>) => {
    const [sha256, body] = [...bodies].at(-1) ?? ["", { text: "", value: null }];
    return new Map(bodies).set(sha256, { ...body, text: `${body.text} ` });
  };

  test("a published one that is not what was recorded differs", () => {
    expect(notSame(entries, { ...sources, packs: changedBody(sources.packs) })).toEqual([
      `differs: prompt ${last}`,
    ]);
    expect(notSame(entries, { ...sources, results: changedBody(sources.results) })).toEqual([
      `differs: answer ${last}`,
    ]);
  });

  test("without answers their content and their review could not be tried; all else still is", () => {
    const bare = { ...sources, packs: new Map(), results: new Map() };
    const untried = ["#3 R0/S0", "#3 R0/S1", last].flatMap((about) => [
      `unpublished: answer ${about}`,
      `unpublished: review ${about}`,
    ]);
    expect(notSame(entries, bare)).toEqual(untried);
    expect(replay(entries, bare)).toMatchObject({ ok: true });
  });

  test("without the answer, an acceptance that its recorded outcome or files refuse differs", () => {
    const bare = { ...sources, results: new Map() };
    for (const change of [
      { outcome: "asked" as const },
      { files: [] },
      { files: [{ path: "governance/a", sha256: null }] },
    ])
      expect(notSame(altered("response.recorded", change), bare)).toContain(`differs: review ${last}`);
  });
});

describe("a copy without git", () => {
  const lost = ["policy .github/sallyport.yml", ...["#3 R0/S1", last].flatMap((a) => [`commit ${a}`])];

  test("tries the packs by their published bodies, and says what it could not try", () => {
    const folder = { ...sources, git: null };
    expect(notSame(entries, folder)).toEqual(lost.map((step) => `unpublished: ${step}`));
    expect(replay(entries, folder)).toMatchObject({ ok: true });
    const [sha256 = "", body] = [...sources.packs].at(-1) ?? [];
    for (const change of [{ contract: "Another." }, { base: other.sha }, { paths: ["**"] }]) {
      const value = body?.value ? { ...body.value, ...change } : null;
      const packs = new Map(sources.packs).set(sha256, { text: body?.text ?? "", value });
      expect(notSame(entries, { ...folder, packs })).toContain(`differs: prompt ${last}`);
    }
  });

  test("without bodies nothing of a pack can be tried", () => {
    const bare = { ...sources, packs: new Map(), git: null };
    expect(notSame(entries, bare).filter((step) => step.includes("prompt"))).toEqual(
      ["#3 R0/S0", "#3 R0/S1", last].map((about) => `unpublished: prompt ${about}`),
    );
  });
});

describe("what git lacks is missing, and the replay is not ok", () => {
  test("the policy", () => {
    const from = git({ policy: unknown("no such blob"), policyAtBase: unknown("no such commit") });
    const bare = { ...from, packs: new Map() };
    expect(notSame(entries, bare).filter((step) => step.startsWith("missing"))).toEqual([
      "missing: policy .github/sallyport.yml",
      ...["#3 R0/S0", "#3 R0/S1", last].map((about) => `missing: prompt ${about}`),
    ]);
    expect(replay(entries, bare)).toMatchObject({ ok: false });
  });

  test("a commit; it is said where it can be fetched", () => {
    const from = commit(() => unknown("bad object"));
    expect(notSame(entries, from)).toEqual([`missing: commit ${last}`]);
    expect(replay(entries, from).steps.find(({ result }) => result === "missing")?.text).toBe(
      "bad object; fetch it: git fetch origin refs/pull/12/head",
    );
    const unopened = entries.filter((entry) => entry.kind !== "pull.opened");
    expect(replay(unopened, from).steps.find(({ result }) => result === "missing")?.text).toBe(
      "bad object; fetch it: git fetch origin sallyport/run-2-1/4",
    );
  });
});

describe("what a run rests on is not there", () => {
  test.each([
    ["contract.frozen", "contract"],
    ["approval.granted", "approval"],
    ["plan.proposed", "plan"],
  ])("without %s nothing past it is told", (kind, step) => {
    const { ok, steps } = replay(entries.filter((entry) => entry.kind !== kind));
    expect({ ok, steps: steps.map((one) => [one.step, one.result]) }).toEqual({
      ok: false,
      steps: [[step, "differs"]],
    });
  });

  test("an issue that was opened for no prompt of the contract", () => {
    const unopened = entries.filter((entry) => entry.kind !== "prompt.opened" || entry.body.issue !== 4);
    expect(notSame(unopened)).toContain(`differs: prompt ${last}`);
  });
});

/** Every place in a value where something can be written, with the numbers of lists left out of its name. */
function leaves(value: unknown, name: string): { name: string; change: (to: unknown) => unknown }[] {
  if (typeof value !== "object" || value === null) return [{ name, change: (to) => to }];
  return Object.entries(value).flatMap(([key, inside]) =>
    leaves(inside, Array.isArray(value) ? `${name}[]` : `${name}.${key}`).map(({ name, change }) => ({
      name,
      change: (to: unknown) =>
        Array.isArray(value)
          ? value.map((one: unknown, place) => (place === Number(key) ? change(to) : one))
          : { ...value, [key]: change(to) },
    })),
  );
}

test("whatever is changed in an entry of the run is noticed, except what is taken as recorded", () => {
  const ofRun = new Set<string>(
    ["plan.proposed", "approval.granted", "contract.frozen", "run.submitted", "prompt.recorded"].concat([
      ...["response.recorded", "attempt.closed", "evidence.captured", "change.committed", "pull.opened"],
    ]),
  );
  const unnoticed = new Set<string>();
  const whole = replay().counts.same;
  for (const entry of entries) {
    if (!ofRun.has(entry.kind)) continue;
    for (const { name, change } of leaves(entry.body, entry.kind)) {
      const value = leafOf(entry.body, name, change);
      // A body that is changed on purpose has the form of its kind only by chance.
      const body = change(typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : "x");
      const changed = entries.map((one) => (one === entry ? ({ ...one, body } as TypedEntry) : one));
      const replayed = replayRun(run, changed, sources);
      if (replayed?.counts.same === whole) unnoticed.add(name);
    }
  }
  const usage = ["calls", "inputTokens", "model", "outputTokens"];
  expect([...unnoticed].sort()).toEqual([
    "contract.frozen.decisions[]",
    ...["login", "type"].map((name) => `plan.proposed.requestedBy.${name}`),
    ...usage.map((name) => `plan.proposed.usage.${name}`),
    "pull.opened.pull",
    // Of an accepted answer these are noticed: they stand in its evidence too.
    "response.recorded.seconds",
    ...usage.map((name) => `response.recorded.usage.${name}`),
    ...["by.login", "by.type", "mode"].map((name) => `run.submitted.${name}`),
  ]);
});

/** What stands at a leaf: the place where changing it to two things gives two values. */
function leafOf(body: unknown, name: string, change: (to: unknown) => unknown): unknown {
  const marked = JSON.stringify(change("\u0000"));
  const [before = "", after = ""] = marked.split('"\\u0000"');
  const text = JSON.stringify(body);
  if (!text.startsWith(before) || !text.endsWith(after)) throw new Error(`${name} is no leaf`);
  return JSON.parse(text.slice(before.length, text.length - after.length));
}

describe("for people", () => {
  test("a line a step, what it proves and what not, and no concern where nothing differs", () => {
    const text = replayText(replay(), "the folder /x", false);
    expect(text).toMatch(/^run-2-1 of story #2, from the folder \/x; the ledger is verified\n/);
    expect(text).toMatch(/^same +entry 2 +plan +plan of revision 1: its digest, from the plan$/m);
    expect(text).toContain("30 same, 0 differ, 0 unpublished, 0 missing");
    expect(text).toContain("It takes as recorded: the models' answers (none is asked again)");
    expect(text).not.toContain("concern:");
    expect(replayText(replay(), "x", true)).toContain("\u001b[32msame");
  });

  test("a difference is a concern, with its entry, what was expected and what is there, on one line", () => {
    const changed = altered("contract.frozen", {
      prompts: prompts.map((one) =>
        one.index === 2
          ? { ...one, text: one.text.replace("Nothing else.", "Nothing\u001b[2Jelse.\n") }
          : one,
      ),
    });
    const [concern = "", ...more] = replayConcerns(replay(changed));
    expect(more).toEqual([]);
    expect(concern).toMatch(/^concern: entry [0-9]+, contract prompt 2 of 2 of run-2-1: text should be /);
    expect(concern).toContain("Nothing else.");
    expect(concern).toContain("Nothing[U+001B][2Jelse.");
    for (const control of ["\n", "\u001b"]) expect(concern).not.toContain(control);
    expect(concern).toMatch(/; it blocks until answered$/);
    expect(replayText(replay(changed), "x", false)).toContain(concern);
  });
});

test("the same run gives the same replay, byte for byte", () => {
  const again = recordedRun(policy);
  expect(digestOf(JSON.stringify(replayRun(run, again.entries, again.sources)))).toBe(
    digestOf(JSON.stringify(replay())),
  );
});
