import { wholeCasefile } from "../../core/contract/casefiles.ts";
import { digestOf, sha256 } from "../../core/digest.ts";
import type { Effect } from "../../core/effects.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { known } from "../../core/known.ts";
import type { ReplaySources, WrittenCommit } from "../../core/replay/sources.ts";
import { Policy } from "../../schemas/policy.ts";
import type { WrittenCasefile } from "../../schemas/step.ts";
import { answers, bodiesOf, gitOf, packsOf, playRun, sourcesOf } from "./recorded-run.ts";
import { playStory, policy, type Story } from "./story.ts";

/** The policy of these tests, with casefiles that Sallyport writes. */
export const withCasefiles = Policy.parse({
  ...policy,
  gates: { ...policy.gates, casefile: { plan: "tasks/{story}/PLAN.md", log: "tasks/{story}/EXEC_LOG.md" } },
});

/** What a person adds below the log once the first prompt is merged. */
export const note = "A person's own lines.\n";

type WriteChange = Extract<Effect, { type: "write-change" }>;

/** A story under that policy, before anything happened. */
export function casefileStory(): Story {
  const state = { state: "loaded", ref: "b".repeat(40), blob: "c".repeat(40), lines: {} } as const;
  return playStory({ policy: known({ ...state, policy: withCasefiles }) });
}

/** A run of two prompts with casefiles in both commits, the writes that it asked for, and all that a replay of it reads. */
export function casefileRun(): { entries: TypedEntry[]; sources: ReplaySources; asked: WriteChange[] } {
  const commits = new Map<string, WrittenCommit>();
  const standing = new Map<string, string>();
  const asked: WriteChange[] = [];
  const story = casefileStory();
  const entries = playRun((change, _, files) => {
    asked.push(change);
    const { message, parent } = change;
    const commit = digestOf(message).slice(0, 40);
    const tree = digestOf(commit).slice(0, 40);
    const after = { mode: "100644", sha: "e".repeat(40) };
    const added = (change.casefiles ?? []).map(({ name, path, text }) => {
      const before = standing.get(path) ?? null;
      const content = wholeCasefile(text, before);
      standing.set(path, content);
      return { name, path, content, before, sha256: sha256(content), blob: sha256(content).slice(0, 40) };
    });
    commits.set(commit, {
      tree,
      parents: [parent],
      message,
      changes: [
        ...files.map(({ path }) => ({ path, before: null, after })),
        ...added.flatMap(({ path, before, content, blob }) =>
          before === content ? [] : [{ path, before: before === null ? null : after, after: { ...after, sha: blob } }],
        ),
      ],
      files: new Map([
        ...files.map(({ path, content }) => [path, content === null ? null : sha256(content)] as const),
        ...added.map((one) => [one.path, one.sha256] as const),
      ]),
      before: new Map(added.map(({ path, before }) => [path, before])),
    });
    for (const [path, text] of standing) if (path.endsWith("LOG.md")) standing.set(path, text + note);
    const casefiles = added.map(({ name, path, sha256, blob }): WrittenCasefile => ({ name, path, sha256, blob }));
    return { commit, tree, parent, casefiles };
  }, story);
  const sources = sourcesOf(entries, {
    packs: bodiesOf(packsOf(entries, withCasefiles, "acme/web")),
    results: bodiesOf(answers),
    git: gitOf(story.state.blob, withCasefiles, {
      commits: new Map([...commits].map(([sha, commit]) => [sha, known(commit)])),
    }),
  });
  return { entries, sources, asked };
}
