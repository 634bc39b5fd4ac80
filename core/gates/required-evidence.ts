import type { Requirement } from "../../schemas/policy-gates.ts";
import type { GateStatus, Reason } from "../../schemas/verdict.ts";
import { type Artifact, countUploads, filledSection } from "../attachments.ts";
import type { Attachments, LoadedPolicy } from "../facts.ts";
import { matcher } from "../paths/patterns.ts";
import { authority, holders } from "../people/authority.ts";
import { whyItHolds } from "../record/condition.ts";
import { authorOf, type FactsWith, policyLine } from "./gate.ts";

type Facts = FactsWith<"record" | "changes">;

/** One demand of the policy: how it stands, and why. */
type Finding = { status: Extract<GateStatus, "pass" | "fail" | "pending" | "unknown">; reason: Reason };

/** Judges everything that the policy's `evidence.require` asks of this change; empty if it asks nothing. */
export function requiredEvidence(facts: Facts, policy: LoadedPolicy): Finding[] {
  const rules = policy.policy.gates.evidence?.require ?? [];
  return rules.flatMap((rule, index) => {
    const why = rule.when === undefined ? "the policy asks for it on every change" : whyItHolds(rule.when, facts);
    if (why === null) return [];
    const line = policyLine(policy, `gates.evidence.require.${index}`);
    return [...files(facts, rule), ...sections(facts, rule), ...attached(facts, rule, policy)].map(
      ({ status, reason }): Finding => ({
        status,
        reason: {
          ...reason,
          ...(status === "pass" ? {} : { message: `${reason.message} It is needed because ${why}.` }),
          ...line,
        },
      }),
    );
  });
}

/** Every pattern has a file that this change adds or changes: one that was there before says nothing of it. */
function files(facts: Facts, rule: Requirement): Finding[] {
  const next = { step: "Add the file to this change and push.", who: authorOf(facts) };
  return rule.files.map((pattern) => {
    const wanted = matcher([pattern], "allow");
    const found = facts.changes.find(({ path, after }) => after !== null && wanted.matches(path) !== null);
    return found === undefined
      ? finding("fail", "evidence-missing", `No file of this change matches \`${pattern}\`.`, next)
      : finding("pass", "evidence-present", `\`${pattern}\` is here: \`${found.path}\`.`);
  });
}

function sections(facts: Facts, rule: Requirement): Finding[] {
  const text = facts.pull?.body ?? "";
  return rule.sections.map((name) => {
    const section = filledSection(text, name);
    if (section !== null && section !== "")
      return finding("pass", "section-filled", `The section "${name}" is filled in.`);
    const message =
      section === null ? `The pull request's text has no section "${name}".` : `The section "${name}" is empty.`;
    const next = {
      step: `Edit the pull request's text: add the heading "${name}" and fill it in.`,
      who: authorOf(facts),
    };
    return finding("fail", "section-missing", message, next);
  });
}

/** What is not in the commits: results of schemas, artifacts, uploads. */
function attached(facts: Facts, rule: Requirement, policy: LoadedPolicy): Finding[] {
  if (!asksBeyondCommits(rule)) return [];
  if (!facts.attachments.known) {
    const next = { step: "Wait: it is read again at the next event.", who: "a maintainer" };
    return [finding("unknown", "attachments-unknown", facts.attachments.why, next)];
  }
  const read = facts.attachments.value;
  return [
    ...schemaFindings(facts, rule, read),
    ...rule.artifacts.map((wanted) => artifact(facts, wanted, read.artifacts)),
    ...uploads(facts, rule, policy, read),
  ];
}

/** Whether a requirement needs facts that are not in the two commits and the pull request's text. */
export function asksBeyondCommits(rule: Requirement): boolean {
  return rule.schema !== undefined || rule.artifacts.length > 0 || rule.attachments !== undefined;
}

function schemaFindings(facts: Facts, { schema, files }: Requirement, read: Attachments): Finding[] {
  if (schema === undefined) return [];
  const wanted = matcher(files, "allow");
  const problems = read.schemaProblems.filter((one) => one.schema === schema && wanted.matches(one.path) !== null);
  const next = { step: `Mend the file so that it fits \`${schema}\`, and push.`, who: authorOf(facts) };
  return problems.map(({ path, problem }) => {
    const { status, reason } = finding("fail", "evidence-unlike-schema", `${problem} (\`${schema}\`).`, next);
    return { status, reason: { ...reason, path } };
  });
}

function artifact(facts: Facts, wanted: Requirement["artifacts"][number], artifacts: readonly Artifact[]): Finding {
  const { name, workflow } = wanted;
  const from = workflow === undefined ? "a workflow" : `\`${workflow}\``;
  const named = artifacts.filter((one) => one.name === name);
  const fitting = named.filter((one) => workflow === undefined || one.workflow === workflow);
  const [found] = fitting.filter(({ expired }) => !expired);
  if (found === undefined) {
    const state =
      fitting.length > 0 ? "has expired" : named.length > 0 ? `is from \`${named[0]?.workflow}\`` : "is not there";
    const step =
      fitting.length > 0 ? "Run the workflow on this commit again." : `Wait for ${from} to upload it for this commit.`;
    const message = `The artifact \`${name}\` of ${from} ${state} for ${facts.head.sha}.`;
    return finding("pending", "artifact-missing", message, { step, who: authorOf(facts) });
  }
  const own = facts.changes.some(({ path }) => path === found.workflow)
    ? " This change edits that workflow, so the artifact is the change's own word."
    : "";
  const digest = found.digest ?? "no digest";
  return finding(
    "pass",
    "artifact-present",
    `The artifact \`${name}\` of \`${found.workflow}\` is there for ${facts.head.sha} (${digest}).${own}`,
  );
}

/** Uploads in the pull request's text, or in comments of people with the duty, that are newer than the head commit. */
function uploads(facts: Facts, { attachments, by }: Requirement, policy: LoadedPolicy, read: Attachments): Finding[] {
  if (attachments === undefined) return [];
  const { headAt, textAt, comments } = read;
  if (headAt === null) {
    const next = {
      step: "Push the commit again, or ask a maintainer to look why no check ran on it.",
      who: authorOf(facts),
    };
    return [finding("unknown", "push-time-unknown", `GitHub does not tell when ${facts.head.sha} was pushed.`, next)];
  }
  const inText = countUploads(facts.pull?.body ?? "");
  let count = textAt >= headAt ? inText : 0;
  let older = inText - count;
  const refused: string[] = [];
  for (const comment of comments) {
    const request = { ...comment, atOpening: false };
    const allowed = authority(request, by, policy.policy.people);
    if (allowed.answer === "wait") {
      const next = { step: "Wait: it is read again at the next event.", who: "a maintainer" };
      return [finding("unknown", "attachments-unknown", allowed.why, next)];
    }
    if (allowed.answer === "no") refused.push(`@${comment.by.login}'s comment does not count: ${allowed.line}`);
    else if (comment.at < headAt) older += comment.files;
    else count += comment.files;
  }
  if (count >= attachments)
    return [finding("pass", "attachments-present", `${count} uploaded files are newer than ${facts.head.sha}.`)];
  const notes = [
    `${count} of ${attachments} uploaded files or images are there for ${facts.head.sha}.`,
    ...(older > 0 ? [`${older} are older than this commit.`] : []),
    ...refused.slice(0, 3),
  ];
  const who = `${authorOf(facts)}, or ${by.map((duty) => holders(policy.policy.people, duty)).join(", ")}`;
  const step = "Upload them in the pull request's text, or in a new comment, after the last push.";
  return [finding("pending", "attachments-missing", notes.join(" "), { step, who })];
}

function finding(status: Finding["status"], code: string, message: string, next?: Reason["next"]): Finding {
  return { status, reason: { code, message, ...(next === undefined ? {} : { next }) } };
}
