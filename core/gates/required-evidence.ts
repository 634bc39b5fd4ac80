import type { CoverageRule, Requirement } from "../../schemas/policy-evidence.ts";
import type { GateStatus, Reason } from "../../schemas/verdict.ts";
import { type ChangedCoverage, type MeasuredCoverage, measureCoverage } from "../analysis/changed-coverage.ts";
import { type Artifact, countUploads, filledSection, findArtifact } from "../attachments.ts";
import type { Attachments, LoadedPolicy } from "../facts.ts";
import { type Known, known, unknown } from "../known.ts";
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
    return [
      ...files(facts, rule),
      ...sections(facts, rule),
      ...attached(facts, rule, policy),
      ...coverage(facts, rule.coverage),
    ].map(
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

/** What the commits do not hold: results of schemas, artifacts, uploads. */
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
  return (
    rule.schema !== undefined ||
    rule.artifacts.length > 0 ||
    rule.attachments !== undefined ||
    rule.coverage?.artifact !== undefined
  );
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

type WantedArtifact = Requirement["artifacts"][number];

/** The note on an artifact whose workflow the change edits, so that its author decides what is in it; else empty. */
function ownWord(facts: Facts, { workflow }: Artifact): string {
  const isOwn = facts.changes.some(({ path }) => path === workflow);
  return isOwn ? " This change edits that workflow, so the artifact is the change's own word." : "";
}

function artifact(facts: Facts, wanted: WantedArtifact, artifacts: readonly Artifact[]): Finding {
  const { name, workflow } = wanted;
  const from = workflow === undefined ? "a workflow" : `\`${workflow}\``;
  const { named, fitting, found } = findArtifact(wanted, artifacts);
  if (found === undefined) {
    const state =
      fitting.length > 0 ? "has expired" : named.length > 0 ? `is from \`${named[0]?.workflow}\`` : "is not there";
    const step =
      fitting.length > 0 ? "Run the workflow on this commit again." : `Wait for ${from} to upload it for this commit.`;
    const message = `The artifact \`${name}\` of ${from} ${state} for ${facts.head.sha}.`;
    return finding("pending", "artifact-missing", message, { step, who: authorOf(facts) });
  }
  const digest = found.digest ?? "no digest";
  return finding(
    "pass",
    "artifact-present",
    `The artifact \`${name}\` of \`${found.workflow}\` is there for ${facts.head.sha} (${digest}).${ownWord(facts, found)}`,
  );
}

/** How much a report of coverage shows, against what the policy asks. */
function coverage(facts: Facts, rule: CoverageRule | undefined): Finding[] {
  if (rule === undefined || (rule.artifact !== undefined && !facts.attachments.known)) return [];
  const source = reportOf(facts, rule);
  if ("status" in source) return [rule.unread === "block" ? source : notRead(source.reason.message)];
  const texts = facts.texts.known ? facts.texts.value : [];
  const measured = source.text.known
    ? measureCoverage(source.text.value, rule, { changes: facts.changes, texts })
    : source.text;
  if (!measured.known) {
    const message = `The coverage report ${source.name} is not read: ${measured.why}.`;
    const next = { step: "Let the tests write a report that can be read, and push.", who: authorOf(facts) };
    return [rule.unread === "block" ? finding("fail", "coverage-not-read", message, next) : notRead(message)];
  }
  return compareCoverage(facts, rule, measured.value, source);
}

/** A report that could not be read, where the policy lets that pass: it is said, and blocks nothing. */
const notRead = (message: string) => finding("pass", "coverage-not-read", message);

type ReportSource = { name: string; text: Known<string>; note: string };

/** The text of the report; or what is said if it is not there. */
function reportOf(facts: Facts, { artifact: wanted, file = "" }: CoverageRule): ReportSource | Finding {
  if (wanted !== undefined) {
    const artifacts = facts.attachments.known ? facts.attachments.value.artifacts : [];
    const { found } = findArtifact(wanted, artifacts);
    if (found === undefined) return artifact(facts, wanted, artifacts);
    const name = `\`${[wanted.name, file].filter((part) => part !== "").join("/")}\``;
    return { name, text: found.reports?.[file] ?? unknown("it was not downloaded"), note: ownWord(facts, found) };
  }
  const change = facts.changes.find(({ path, after }) => path === file && after !== null);
  if (change === undefined) {
    const next = { step: "Let the tests write the report, add it to this change and push.", who: authorOf(facts) };
    return finding("fail", "coverage-missing", `This change does not bring the coverage report \`${file}\`.`, next);
  }
  const content = facts.texts.known ? facts.texts.value.find(({ path }) => path === file)?.after : undefined;
  const why = content?.state === "opaque" ? `it is no text (${content.why})` : "its text is not known";
  const text = content?.state === "text" ? known(content.text) : unknown<string>(why);
  return { name: `\`${file}\``, text, note: " The change itself brings the report, so it is the change's own word." };
}

type Share = { covered: number; lines: number };

const percentOf = ({ covered, lines }: Share) => `${((100 * covered) / lines).toFixed(1)} %`;

const isBelow = ({ covered, lines }: Share, least: number | undefined) =>
  least !== undefined && 100 * covered < least * lines;

/** What a report shows, against what the policy asks for of all lines and of those that the change adds. */
function compareCoverage(
  facts: Facts,
  rule: CoverageRule,
  { total, changed, format }: MeasuredCoverage,
  { name, note }: ReportSource,
): Finding[] {
  const next = { step: "Cover more lines by tests, and push.", who: authorOf(facts) };
  const findings: Finding[] = [];
  if (isBelow(total, rule.min)) {
    const message = `${percentOf(total)} of ${total.lines} lines are covered, and the policy asks for ${rule.min} % (${name}, ${format}).${note}`;
    findings.push(finding("fail", "coverage-below", message, next));
  }
  if (changed !== null && isBelow(changed, rule.changed)) {
    const [first] = changed.gaps;
    const message = `${percentOf(changed)} of the ${changed.lines} lines that this change adds are covered, and the policy asks for ${rule.changed} %: ${gapsText(changed)} are not (${name}, ${format}).${note}`;
    const { status, reason } = finding("fail", "coverage-below", message, next);
    findings.push({ status, reason: { ...reason, ...first } });
  }
  if (findings.length > 0) return findings;
  const parts = [
    `${percentOf(total)} of ${total.lines} lines are covered`,
    ...(changed === null ? [] : changedParts(changed)),
  ];
  return [finding("pass", "coverage-enough", `${name} (${format}): ${parts.join("; ")}.${note}`)];
}

function gapsText({ gaps }: ChangedCoverage): string {
  const some = gaps.slice(0, 5).map(({ path, line }) => `\`${path}:${line}\``);
  return `${some.join(", ")}${gaps.length > some.length ? ` and ${gaps.length - some.length} more` : ""}`;
}

function changedParts(changed: ChangedCoverage): string[] {
  const { lines, left } = changed;
  const share =
    lines === 0
      ? "it tells of no line that this change adds"
      : `of ${lines} that this change adds ${percentOf(changed)}`;
  return [share, ...(left.length > 0 ? [`${left.length} changed files are not in it, such as \`${left[0]}\``] : [])];
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
