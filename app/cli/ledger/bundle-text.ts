import { commandEnd, commandLine } from "../../../core/contract/verification.ts";
import { block, code, plain } from "../../../core/escape.ts";
import { actionsText } from "../../../core/evidence/entry-text.ts";
import { attemptName } from "../../../core/identifiers.ts";
import { moneyText } from "../../../core/money.ts";
import { reviewText } from "../../../core/record/reviews.ts";
import type { EvidenceBundle, MergedChange } from "../../../schemas/evidence.ts";
import type { CommandRun } from "../../../schemas/step.ts";

/** The most characters of a prompt or an answer that are shown to people. */
const maxShownLength = 20_000;

const changeText: Record<MergedChange, string> = {
  "same-tree": "the merged commit has the judged head's very tree",
  "same-patch": "the merged change is the judged one: both have the same patch-id",
  another: "**the merged change is not the judged one**",
  "not-compared": "the trees differ, and the changes were not compared: that takes a clone with both commits",
};

/** A bundle as Markdown for people. Text of others is escaped and shown as plain text. */
export function bundleMarkdown(bundle: EvidenceBundle): string {
  const { usage } = bundle;
  const rows: [string, string][] = [
    ["State", `${bundle.state} at ${bundle.at}, bundle ${code(bundle.bundle)}`],
    ["Pull request", bundle.pullUrl],
    ["Asked for by", `story #${bundle.story}, prompt #${bundle.prompt}`],
    ["Attempt", `${attemptName(bundle)} of ${bundle.run}, as ${code(bundle.role)}`],
    [
      "Model",
      `${code(usage.model)}: ${usage.calls} calls, ${usage.inputTokens} tokens in, ${usage.outputTokens} out, ${bundle.seconds} s`,
    ],
    ...paidRows(bundle),
    ["Started from", code(bundle.base)],
    ["Became", `commit ${code(bundle.commit)}, tree ${code(bundle.tree)}`],
    ["Checks", checksText(bundle)],
    ["Gates", gatesText(bundle)],
    ["Merge", mergeText(bundle.merge)],
    ["Prompt", code(bundle.promptSha256)],
    ["Answer", code(bundle.responseSha256)],
  ];
  const lines = [
    `# Evidence of #${bundle.pull}`,
    "",
    ...bundleTable(rows),
    "",
    "## Files",
    "",
    ...bundle.files.map(({ path, sha256 }) => `- ${code(path)} ${sha256 === null ? "deleted" : code(sha256)}`),
    "",
    ...commandLines(bundle.verification ?? []),
    ...reviewLines(bundle.reviews),
    "",
    ...entryLines(bundle.entries),
    ...bodyLines("What the agent was told", bundle.rawPrompt),
    ...bodyLines("What it answered", bundle.rawResponse),
  ];
  return `${lines.join("\n")}\n`;
}

/** What the work cost, and where it was done. */
function paidRows({ cost, tool, actions }: EvidenceBundle): [string, string][] {
  const rows: [string, string][] = [];
  if (cost !== undefined) rows.push(["Cost", moneyText(cost.micros, cost.currency)]);
  if (tool !== undefined) rows.push(["Program", code([tool.name, tool.version].join(" ").trim())]);
  if (actions !== undefined) rows.push(["Worked", actionsText(actions)]);
  return rows;
}

/** The commands that our host ran on the answer, each with its end and the digest of what it printed. */
function commandLines(runs: readonly CommandRun[]): string[] {
  if (runs.length === 0) return [];
  const rows = runs.map((run): [string, string] => [
    code(commandLine(run)),
    `${plain(commandEnd(run))}; what it printed: ${code(run.output)}`,
  ]);
  return ["## Verification commands", "", ...bundleTable(rows), ""];
}

/** A bundle's facts as a table; the texts are Markdown already. */
export function bundleTable(rows: readonly [string, string][]): string[] {
  return ["| | |", "|---|---|", ...rows.map(([name, text]) => `| ${name} | ${text} |`)];
}

/** The reviews of the commit, as a list under a heading. */
export function reviewLines(reviews: EvidenceBundle["reviews"]): string[] {
  const items = reviews.map((review) => `- ${plain(reviewText(review))}`);
  return ["## Reviews", "", ...(items.length === 0 ? ["- none was seen"] : items)];
}

/** The entries that a bundle was assembled from, as a list under a heading. */
export function entryLines(entries: EvidenceBundle["entries"]): string[] {
  const items = entries.map(({ seq, kind, sha256 }) => `- entry ${seq}, ${code(kind)}: ${code(sha256)}`);
  return ["## Assembled from", "", ...items];
}

/** The results of third-party checks, in one cell. */
export function checksText({ ci, checks }: Pick<EvidenceBundle, "ci" | "checks">): string {
  if (ci === null || checks === null) return "not sealed yet";
  const each = checks.map(({ name, app, conclusion }) => `${plain(name)} (${plain(app)}): ${plain(conclusion)}`);
  return [ci, ...each].join("; ");
}

function gatesText({ validator, verdictSha256 }: EvidenceBundle): string {
  if (validator === null || verdictSha256 === null) return "not sealed yet";
  return `${validator}, verdict ${code(verdictSha256)}`;
}

/** The merge of the commit, in one cell. */
export function mergeText(merge: EvidenceBundle["merge"]): string {
  if (merge === null) return "none was observed";
  const who = merge.by === null ? "" : ` by ${plain(`@${merge.by.login}`)} (id ${merge.by.id})`;
  const judged = merge.judged ? "" : "**the last verdict on its head was not success**; ";
  return `${code(merge.commit)}${who} at ${merge.at}; ${judged}${changeText[merge.change]}`;
}

function bodyLines(title: string, body: string | null): string[] {
  if (body === null) return ["", `## ${title}`, "", "Only its digest is kept here."];
  const shown = body.slice(0, maxShownLength);
  const cut = shown.length < body.length ? [`The first ${maxShownLength} of ${body.length} characters:`, ""] : [];
  return ["", `## ${title}`, "", ...cut, block(shown)];
}
