import type { Casefile, Redaction, WrittenCasefile } from "../schemas/step.ts";
import type { Account } from "../schemas/text.ts";
import { parseQueueRef } from "./queue-ref.ts";

/**
 * What may have changed and is to be looked at again. `number` is an issue's or a pull request's; a merge group goes by
 * its full ref, and its number is that of its last pull request.
 */
export type Subject =
  | { kind: "issue"; repository: number; number: number }
  | { kind: "pull"; repository: number; number: number }
  | { kind: "group"; repository: number; number: number; ref: string };

/** A subject's stable name: the key of its lease and of its place in the queue. */
export function subjectKey(subject: Subject): string {
  return `${subject.kind}/${subject.repository}/${subject.kind === "group" ? subject.ref : subject.number}`;
}

/** The merge group of a full ref; null when the ref is not one of the queue's. */
export function groupSubject(repository: number, ref: string): Subject | null {
  const parsed = parseQueueRef(ref);
  return parsed === null ? null : { kind: "group", repository, number: parsed.pull, ref };
}

/** The subject of a key that `subjectKey` made; null for any other text. */
export function subjectOf(key: string): Subject | null {
  const [, kind, digits, rest = ""] = /^(issue|pull|group)\/([0-9]+)\/(.+)$/.exec(key) ?? [];
  const repository = Number(digits);
  if (kind === "group") return groupSubject(repository, rest);
  if ((kind === "issue" || kind === "pull") && /^[0-9]+$/.test(rest))
    return { kind, repository, number: Number(rest) };
  return null;
}

/**
 * What is to be done outside, as plain data. Each can be found again by its key, so doing one twice is doing it once.
 * `ensure…` effects bring about a state and may be asked for again; the others happen once for all time.
 */
export type Effect =
  /** React to a person's command and answer it in one line. */
  | {
      type: "reply";
      key: string;
      issue: number;
      comment: number | null;
      source: number;
      accepted: boolean;
      line: string;
    }
  /** One comment of ours on an issue or pull request, edited and never repeated. */
  | { type: "ensure-sticky"; key: string; issue: number; body: string }
  /** Exactly one `sallyport:<state>` label, and none of ours when `state` is null. */
  | { type: "ensure-state"; key: string; issue: number; state: string | null }
  /** Take a one-shot command label off. */
  | { type: "ensure-label-gone"; key: string; issue: number; label: string }
  /** A story that names its epic becomes its sub-issue. */
  | { type: "link-story"; key: string; epic: number; story: number }
  /** A diff prompt as a sub-issue of its story, blocked by the ones before it. */
  | {
      type: "open-prompt";
      key: string;
      story: number;
      title: string;
      body: string;
      blockedBy: number[];
    }
  | {
      type: "ask-planner";
      key: string;
      story: number;
      base: string;
      /** The story as it stands: text of whoever may write issues. */
      title: string;
      body: string;
      /** What a person wants changed in the previous plan; empty for a first plan. */
      refinement: string;
      /** The stored body of the plan to be refined. */
      previousPlan: string | null;
      roles: { name: string; allow: string[]; deny: string[] }[];
      decisions: string[];
      backend: string;
      /** null: the backend's default. */
      model: string | null;
    }
  /** Run an agent on a recorded pack. */
  | { type: "run-agent"; key: string; run: string; packSha256: string; backend: string; model: string | null }
  /** Write a recorded answer's files as one commit on a branch of ours; nothing is forced. */
  | {
      type: "write-change";
      key: string;
      packSha256: string;
      resultSha256: string;
      branch: string;
      parent: string;
      message: string;
      /** RFC 3339; fixed, so that doing it twice gives the same commit. */
      at: string;
      /** What the pack's casefiles say, without what people wrote below; absent: it has none. */
      casefiles?: readonly (Casefile & { text: string })[];
    }
  | {
      type: "open-pull";
      key: string;
      branch: string;
      base: string;
      head: string;
      title: string;
      body: string;
    }
  /** The App's one check run on a commit. */
  | {
      type: "ensure-check";
      key: string;
      sha: string;
      /** SHA-256 of the verdict's bytes: the check run's `external_id`. */
      verdictSha256: string;
      status: "in_progress" | "completed";
      conclusion: "success" | "failure" | null;
      title: string;
      summary: string;
      annotations: readonly Annotation[];
    }
  /** What a changed policy would have meant for merged pull requests, in one comment of its own. */
  | { type: "show-backtest"; key: string; pull: number; head: string; policyRef: string; branch: string }
  | { type: "close-issue"; key: string; issue: number; comment: string }
  /** Put a branch of a run back to a commit, or take it away with its pull request when `to` is null. */
  | {
      type: "roll-back";
      key: string;
      branch: string;
      to: string | null;
      /** The commits of ours that may go; a branch that stands at another one is left alone. */
      undone: string[];
      /** What is said on a pull request that is closed by it. */
      comment: string;
    };

export type EffectType = Effect["type"];

/** The types that bring about a state: asked for again after they are done, they are done again. */
export const repeatable: ReadonlySet<EffectType> = new Set([
  "ensure-sticky",
  "ensure-state",
  "ensure-label-gone",
  "ensure-check",
]);

/** What an effect brought about, as later looks read it; `failed` means it will not be tried again. */
export type EffectOutcome =
  | { status: "waiting" }
  | { status: "done"; result: EffectResult }
  | { status: "failed"; code: string; message: string };

/** What the performer hands back, by type of effect; `none` where only the state matters. */
export type EffectResult =
  | { type: "none" }
  | { type: "issue"; number: number }
  | { type: "pull"; number: number }
  | { type: "rolled-back"; closed: number[] }
  | { type: "commit"; commit: string; tree: string; parent: string; casefiles?: WrittenCasefile[] }
  | {
      type: "plan";
      planSha256: string;
      issueSha256: string;
      usage: { model: string; calls: number; inputTokens: number; outputTokens: number };
      redacted?: Redaction[];
    }
  | { type: "plan-failed"; code: string; message: string }
  | {
      type: "answer";
      resultSha256: string;
      bytes: number;
      seconds: number;
      usage: { model: string; calls: number; inputTokens: number; outputTokens: number };
    };

/** Who we are on GitHub: used to tell our own comments and branches from forged ones. */
export type Ourselves = { appId: number; slug: string; bot: Account };

/**
 * A reason at the place it speaks of, as GitHub shows it beside the lines of a change. `line` is null where the reason is
 * about a whole file, `path` where it is about no file. The names come from the change's author.
 */
export type Annotation = {
  title: string;
  message: string;
  path: string | null;
  line: number | null;
};
