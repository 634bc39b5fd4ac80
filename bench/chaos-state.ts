/** The end of a chaos run as texts to compare: without times, hashes, ids and numbers that depend on the order of things. */
import type { KeyObject } from "node:crypto";
import { linesFrom } from "../app/store/chain.ts";
import type { Database } from "../app/store/database.ts";
import type { TypedEntry } from "../core/entries.ts";
import { verifyChain } from "../core/ledger/verify.ts";
import type { Issue, Repository } from "../sandbox/state/model.ts";
import { pullsOf } from "../sandbox/state/state.ts";
import { wholeLedger } from "../test/hosts/whole-ledger.ts";

/** Sorted lines of each part of the world, and what is wrong with it in itself. */
export type EndState = {
  parts: Record<"issues" | "comments" | "checks" | "entries" | "calls", string[]>;
  wrong: string[];
};

export async function readEndState(
  db: Database,
  repositories: readonly Repository[],
  key: KeyObject,
  asked: ReadonlyMap<string, number>,
): Promise<EndState> {
  const parts: EndState["parts"] = { issues: [], comments: [], checks: [], entries: [], calls: [...asked.keys()] };
  const wrong: string[] = [];
  for (const repository of repositories) {
    const at = repository.owner.login;
    const plain = plainTexts(repository);
    for (const issue of repository.issues) {
      const name = `${at} ${nameOf(issue)}`;
      const labels = issue.labels.map((one) => one.name).sort();
      const head =
        issue.pull === null ? "" : ` from ${plain(issue.pull.head.ref)} merged ${issue.pull.mergedAt !== null}`;
      const people = issue.assignees.map(({ login }) => login).sort();
      parts.issues.push(
        `${name}: ${issue.state} ${issue.stateReason} [${labels}] [${people}]${head} ${plain(issue.body ?? "")}`,
      );
      for (const { user, body, reactions } of issue.comments) {
        const reacted = reactions.map((one) => `${one.user.login} ${one.content}`).sort();
        parts.comments.push(`${name}: ${user.login} [${reacted}]: ${plain(body)}`);
      }
    }
    for (const { issue, head } of pullsOf(repository)) {
      const run = repository.runs.findLast((one) => one.name === "sallyport" && one.suite.headSha === head.sha);
      const { title, summary, annotations } = run?.output ?? {};
      const shown = plain(`${title} ${summary} ${JSON.stringify(annotations)}`);
      parts.checks.push(`${at} ${nameOf(issue)}: ${run?.status} ${run?.conclusion} ${shown}`);
    }
    const entries = await wholeLedger(db, repository.id);
    parts.entries.push(
      ...lasting(entries).map(({ kind, actor, body }) => `${at} ${kind} ${actor.login} ${plain(JSON.stringify(body))}`),
    );
    const lines = (await linesFrom(db, repository.id, 1)).map(({ line }) => line);
    wrong.push(...verifyChain(lines, [{ key }]).problems.map((problem) => `${at}: ${JSON.stringify(problem)}`));
  }
  for (const lines of Object.values(parts)) lines.sort();
  // A call that was under way when its process was killed was never answered to anybody; it has to be made again.
  const again = [...asked.values()].reduce((sum, times) => sum + times - 1, 0);
  if (again > 0) wrong.push(`${again} calls of the model were made again`);
  return { parts, wrong };
}

/**
 * Of a pull request's verdicts and seals the last ones: how many there are on the way depends on who looks when, because
 * each merge of another moves the base.
 */
function lasting(entries: readonly TypedEntry[]): TypedEntry[] {
  const last = new Map<string, number>();
  const repeated = ({ kind, body }: TypedEntry) =>
    kind === "verdict.given" || kind === "evidence.sealed" ? `${kind} ${body.pull}` : null;
  for (const entry of entries) last.set(repeated(entry) ?? "", entry.seq);
  return entries.filter((entry) => {
    const name = repeated(entry);
    return name === null || last.get(name) === entry.seq;
  });
}

const nameOf = ({ title, pull, parent }: Issue) =>
  `${pull === null ? (parent === null ? "" : "prompt ") : "pull "}"${title}"`;

/** Texts of a repository with names in place of what differs from run to run. */
function plainTexts(repository: Repository): (text: string) => string {
  const names = new Map(repository.issues.map((issue) => [String(issue.number), nameOf(issue)]));
  const named = (number: string) => names.get(number) ?? number;
  return (text) =>
    text
      .replace(/\b[0-9a-f]{7,64}\b/g, "<hex>")
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?: ?Z| UTC)?/g, "<time>")
      .replace(/"(bytes|seconds|id)":[\d.]+/g, '"$1":<number>')
      .replace(/<!-- sallyport:[^>]+-->/g, (mark) => mark.replace(/(?<=\/)\d{1,5}(?!\d)/g, named))
      .replace(/#(?:&#8203;)?(\d+)(?!\d*;)/g, (_, number) => `#${named(number)}`)
      .replace(/\bentry \d+/g, "entry <number>")
      .replace(/run-(\d+)-(\d+)\/(\d+)/g, (_, story, run, prompt) => `run-${named(story)}-${run}/${named(prompt)}`)
      .replace(/run-(\d+)-(\d+)/g, (_, story, run) => `run-${named(story)}-${run}`)
      .replace(/"(story|prompt|pull|issue|epic)":(\d+)/g, (_, field, number) => `"${field}":${named(number)}`)
      .replace(/"(prompts|pulls)":\[([\d,]+)\]/g, (_, field, all) => `"${field}":[${all.split(",").map(named)}]`)
      .replace(/\b\d{6,}\b/g, "<id>")
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, "<url>");
}
