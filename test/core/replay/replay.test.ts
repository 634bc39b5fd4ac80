import { describe, expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import type { ReplaySources } from "../../../core/replay/sources.ts";
import {
  altered,
  commit,
  entries,
  git,
  last,
  notSame,
  other,
  replay,
  run,
  sources,
} from "../../builders/altered-replay.ts";
import { recordedRun } from "../../builders/recorded-run.ts";
import { policy } from "../../builders/story.ts";

test("a run of two prompts, the first tried twice, is the same in every step", () => {
  const { ok, counts, steps } = replay();
  expect(steps.filter(({ result }) => result !== "same")).toEqual([]);
  expect({ ok, counts }).toEqual({
    ok: true,
    counts: { same: steps.length, differs: 0, unpublished: 0, purged: 0, missing: 0 },
  });
  const names = (about: string) => steps.flatMap((one) => (one.about === about ? [one.step] : []));
  expect(names("#3 R0/S0")).toEqual(["attempt", "prompt", "answer", "review"]);
  const whole = ["attempt", "prompt", "answer", "review", "evidence", "commit", "trailers"];
  expect([names("#3 R0/S1"), names("#4 R0/S0")]).toEqual([whole, whole]);
  expect(steps.map(({ step }) => step).filter((step, index, all) => all.indexOf(step) === index)).toEqual([
    ...["plan", "paths", "approval", "separation", "policy", "contract", "run", "checkpoint", "attempt"],
    ...["prompt", "answer", "review", "evidence", "commit", "trailers", "pull request", "hand-off"],
    ...["remediation", "end"],
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
const { limits } = policy.agents;
const plainFile = { mode: "100644", sha: other.sha };

describe("a change that makes exactly one step differ", () => {
  const cases: [string, TypedEntry[], ReplaySources?][] = [
    ["plan plan of revision 1", altered("plan.proposed", { planSha256: other.sha256 })],
    [
      "paths plan of revision 1",
      altered("approval.granted", { parts: { ...parts, paths: [...parts.paths, "web/**"] } }),
    ],
    ["approval plan of revision 1", altered("approval.granted", { parts: { ...parts, issue: other.sha256 } })],
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
    ["policy .github/sallyport.yml", entries, git({ policyAtBase: known({ mode: "100644", sha: other.sha }) })],
    ["policy .github/sallyport.yml", entries, git({ policyAtBase: known({ mode: "120000", sha: parts.policy }) })],
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
    [
      "prompt #3 R0/S1",
      entries,
      git({ policy: known({ ...policy, agents: { ...policy.agents, limits: { ...limits, rework: 0 } } }) }),
    ],
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
      commit((one) => known({ ...one, changes: [...one.changes, { path: "web/b", before: plainFile, after: null }] })),
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
      commit((one) => known({ ...one, message: one.message.replace(/Answer-SHA256: ./, "Answer-SHA256: x") })),
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

test("the same run gives the same replay, byte for byte", () => {
  const again = recordedRun(policy);
  expect(JSON.stringify(replayRun(run, again.entries, again.sources))).toBe(JSON.stringify(replay()));
});
