import type { EntryBody } from "../schemas/entries.ts";
import type { BodyRef, FileRef, TicketComment } from "../schemas/entry-parts.ts";
import type { People, Policy } from "../schemas/policy.ts";
import type { ActionsWorkflow, Effort } from "../schemas/policy-agents.ts";
import type { ReworkReport } from "../schemas/rework.ts";
import type {
  ActionsRun,
  Casefile,
  Instruction,
  Pack,
  PhaseCard,
  Redaction,
  Tool,
  Usage,
  WrittenCasefile,
} from "../schemas/step.ts";
import type { Account, Risk } from "../schemas/text.ts";
import type { Annotation } from "./annotation.ts";
import type { Label } from "./labels.ts";
import type { Spending } from "./money.ts";

/**
 * The parts of a policy that a plan is held against. `contractFirst`: the risks of that tier, and the risk that people
 * name; absent: there is no such tier.
 */
export type PlanRules = Pick<Policy, "roles" | "gates" | "extends" | "phases"> & {
  contractFirst?: { risks: Risk[]; asked: Risk | null };
};

/** A role as a planner is told of it. */
export type PlannedRole = Pack["role"] & Pick<Policy["roles"][string], "writes">;

/** The service and model that an effect asks (null: its usual one), and what pays; absent: nobody counts money. */
type Asking = { backend: string; model: string | null; effort?: Effort; spending?: Spending };

/**
 * A change to make outside the ledger, as plain data. Each effect is idempotent by its key. `ensure…` effects establish
 * a state and may be requested again; the others happen once.
 */
export type Effect =
  /** Reacts to a person's command and answers it in one line. */
  | { type: "reply"; key: string; issue: number; comment: number | null; accepted: boolean; line: string }
  /** Passes over a stranger's command. With a line, it is told once a day; without, that nobody reads it again is all. */
  | { type: "turn-away"; key: string; issue: number; told: { comment: number | null; line: string } | null }
  /** One comment of ours on an issue or pull request, edited and never repeated. */
  | { type: "ensure-sticky"; key: string; issue: number; body: string }
  /** Exactly one `sallyport:<state>` label, or none when `state` is null; with `needs`, that label beside it. */
  | { type: "ensure-state"; key: string; issue: number; state: string | null; needs?: string }
  /** Makes the labels that a repository lacks; those that are there stay as they are. */
  | { type: "ensure-labels"; key: string; labels: readonly Label[] }
  /** Removes a one-shot command label. */
  | { type: "ensure-label-gone"; key: string; issue: number; label: string }
  /** Makes a story a sub-issue of the epic that it names. */
  | { type: "link-story"; key: string; epic: number; story: number }
  /** Opens a diff prompt as a sub-issue of its story, blocked by the earlier prompts it depends on. */
  | { type: "open-prompt"; key: string; story: number; title: string; body: string; blockedBy: number[] }
  | ({
      type: "ask-planner";
      key: string;
      story: number;
      base: string;
      /** The story's current text. Anyone who can write issues wrote it. */
      title: string;
      body: string;
      /** The comments that are part of the ticket, with their texts; absent: none. */
      comments?: (TicketComment & { text: string })[];
      /** The task file that the story names, as part of the ticket; absent: none. */
      task?: Instruction;
      /** Files of the default branch that the policy names as instructions; absent: none. */
      instructions?: Instruction[];
      phase?: PhaseCard;
      /** What a person wants changed in the previous plan; empty for a first plan. */
      refinement: string;
      /** The stored body of the plan to refine. */
      previousPlan: string | null;
      roles: PlannedRole[];
      decisions: string[];
      /** What the policy holds a plan against before a person sees it; absent in an effect of an older version. */
      rules?: PlanRules;
    } & Asking)
  /** Runs an agent on a recorded pack. */
  | ({
      type: "run-agent";
      key: string;
      run: string;
      packSha256: string;
      /** The program that works instead of our own agent, as the policy names it; absent: none. */
      tool?: string;
      /** The workflow in whose run it works; absent: on the service's machine. */
      actions?: ActionsWorkflow;
    } & Asking)
  /** Cancels the workflow's run of an agent that was stopped; `agent`: the key of its effect. */
  | { type: "cancel-run"; key: string; agent: string }
  /** Runs the verification commands of a recorded pack on a recorded answer, in the sandbox. */
  | { type: "run-commands"; key: string; run: string; packSha256: string; resultSha256: string }
  /** Lets a reviewer agent read a written change; its pack is recorded. */
  | ({ type: "ask-reviewer"; key: string; run: string; packSha256: string } & Asking)
  /** Writes a recorded answer's files as one commit to a branch of ours, without force. */
  | {
      type: "write-change";
      key: string;
      packSha256: string;
      resultSha256: string;
      branch: string;
      parent: string;
      message: string;
      /** RFC 3339; fixed, so that a second attempt gives the same commit. */
      at: string;
      /** The casefiles' text without people's part below it; absent: the pack has no casefiles. */
      casefiles?: readonly (Casefile & { text: string })[];
      /** The evidence files that verification commands wrote, in place of the answer's; absent: none were run. */
      verified?: { paths: string[]; written: string | null };
    }
  /** Proposes a first policy by one pull request; `ledgerKey` is the public key that it pins. */
  | { type: "open-onboarding"; key: string; base: string; parent: string; at: string; ledgerKey: string }
  | {
      type: "open-pull";
      key: string;
      branch: string;
      base: string;
      head: string;
      title: string;
      body: string;
      /** Shown folded below the body; models may have written the texts. */
      folds?: { title: string; text: string }[];
    }
  /** The App's one check run on a commit. */
  | {
      type: "ensure-check";
      key: string;
      sha: string;
      /** SHA-256 of the verdict's bytes: the check run's `external_id`. */
      verdictSha256: string;
      /** The pull request whose page tells more; absent: there is none. */
      pull?: number;
      status: "in_progress" | "completed";
      conclusion: "success" | "failure" | "neutral" | null;
      title: string;
      summary: string;
      annotations: readonly Annotation[];
    }
  /** Shows in a comment of its own what a changed policy would have meant for merged pull requests. */
  | { type: "show-backtest"; key: string; pull: number; head: string; policyRef: string; branch: string }
  /** Reads what is to be mended on a run's pull request and stores it, without secrets, as one report. */
  | {
      type: "gather-report";
      key: string;
      pull: number;
      head: string;
      asked: ReworkReport["asked"];
      gates: ReworkReport["gates"];
      checks: { id: number; name: string; app: string; conclusion: string }[];
      /** The reviews and comments that earlier rounds took up. */
      taken: readonly number[];
      /** Whose words count. */
      people: People;
      /** The stored answer of the attempt before. */
      previous: string | null;
    }
  /** Answers a review thread in one line; `readAt`: when its comments were read (RFC 3339). */
  | { type: "answer-thread"; key: string; pull: number; thread: number; line: string; readAt: string }
  /** Asks people for a review of a pull request. */
  | { type: "ask-review"; key: string; pull: number; reviewers: string[] }
  /** Tells people once, by a mention, that an issue or pull request waits for them. */
  | { type: "notify"; key: string; issue: number; line: string }
  | { type: "close-issue"; key: string; issue: number; comment: string }
  /** Opens the issue below which stands what waits in the repository. */
  | { type: "open-dashboard"; key: string }
  /** Tells what happened at the webhook that whoever runs the service set. */
  | { type: "post-digest"; key: string; line: string }
  /** Resets a run's branch to a commit; with `to` null, deletes it and closes its pull request. */
  | {
      type: "roll-back";
      key: string;
      branch: string;
      to: string | null;
      /** Our commits that may be removed; a branch with another head is left alone. */
      undone: string[];
      /** The comment on a pull request that it closes. */
      comment: string;
    };

/** The name of a kind of effect. */
export type EffectType = Effect["type"];

/** The types that establish a state: requested again after they are done, they are performed again. */
export const repeatable: ReadonlySet<EffectType> = new Set([
  "ensure-sticky",
  "ensure-state",
  "ensure-labels",
  "ensure-label-gone",
  "ensure-check",
]);

/**
 * The order of writes in a repository: verdicts first, so that no talk delays a merge; then the work; then what people
 * read; and strangers last. Types that are not listed are the work.
 */
export const writeOrder = {
  first: ["ensure-check"],
  talk: ["reply", "answer-thread", "ask-review", "notify", "ensure-sticky", "ensure-state", "ensure-label-gone"],
  last: ["post-digest", "turn-away"],
} as const satisfies Record<string, readonly EffectType[]>;

/** The outcome of an effect, as later decisions read it; `failed`: it is not retried; `why` it is put off. */
export type EffectOutcome =
  | { status: "waiting"; why?: string }
  | { status: "done"; result: EffectResult }
  | { status: "failed"; code: string; message: string };

/** The performer's result, by type of effect; `none` where only the state matters. */
export type EffectResult =
  | { type: "none" }
  | { type: "issue"; number: number }
  | { type: "pull"; number: number }
  | { type: "rolled-back"; closed: number[] }
  | {
      type: "commit";
      commit: string;
      tree: string;
      parent: string;
      files?: { path: string; blob: string | null }[];
      casefiles?: WrittenCasefile[];
    }
  | {
      type: "plan";
      planSha256: string;
      issueSha256: string;
      comments?: TicketComment[];
      task?: FileRef;
      instructions?: FileRef[];
      usage: Usage;
      redacted?: Redaction[];
    }
  | { type: "plan-failed"; code: string; message: string; usage?: Usage }
  /** The stored report, and which reviews, threads and comments it holds. */
  | { type: "report"; report: BodyRef; reviewers: Account[]; reviews: number[]; threads: number[]; comments: number[] }
  /** What became of the verification commands of one answer. */
  | ({ type: "verification" } & Pick<
      EntryBody<"verification.recorded">,
      "install" | "commands" | "evidence" | "written"
    >)
  /** The stored advice; it may say that there is none. */
  | { type: "advice"; advice: BodyRef; usage: Usage; seconds: number }
  | {
      type: "answer";
      resultSha256: string;
      bytes: number;
      seconds: number;
      usage: Usage;
      /** The program that worked; absent: our own agent. */
      tool?: Tool;
      actions?: ActionsRun;
    };

/**
 * Our App, its page on GitHub and its bot account. They distinguish our own comments and branches from forged ones.
 */
export type Ourselves = { appId: number; slug: string; page: string; bot: Account };
