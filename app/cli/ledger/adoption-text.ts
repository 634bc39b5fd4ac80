import { code, plain } from "../../../core/escape.ts";
import type { AdoptionBundle } from "../../../schemas/evidence.ts";
import { bundleTable, checksText, entryLines, mergeText, reviewLines } from "./bundle-text.ts";

/** The bundle of an adopted head as Markdown for people: who answers for it, what we saw of it, and what it claims. */
export function adoptionMarkdown(bundle: AdoptionBundle): string {
  const { author, story, digest, verdictSha256 } = bundle;
  const rows: [string, string][] = [
    ["State", `adopted at ${bundle.adoptions.at(-1)?.at}, bundle ${code(bundle.bundle)}`],
    ["Pull request", bundle.pullUrl],
    ["Opened by", author === null ? "not recorded" : `${plain(`@${author.login}`)} (${author.type}, id ${author.id})`],
    ["Run", bundle.run === null ? "none: no run made it" : `others pushed to the branch of ${bundle.run}`],
    ["Prompt", "none is recorded, and no answer and no model"],
    [
      "Adopted for",
      story === null || digest === null
        ? "no story was named"
        : `story #${story}, whose approved plan ${code(digest)} it stayed inside`,
    ],
    ["Commit", `${code(bundle.commit)}${bundle.tree === null ? "" : `, tree ${code(bundle.tree)}`}`],
    ["Checks", checksText(bundle)],
    ["Verdict", verdictSha256 === null ? "not sealed yet" : `success, verdict ${code(verdictSha256)}`],
    ["Merge", mergeText(bundle.merge)],
  ];
  const lines = [
    `# Adoption of #${bundle.pull}`,
    "",
    ...bundleTable(rows),
    "",
    "## Adopted",
    "",
    ...bundle.adoptions.map(
      ({ by, commits, reason, at }) =>
        `- ${plain(`@${by.login}`)} (id ${by.id}) at ${at}: ${commits.map(code).join(", ")}. ${plain(reason)}`,
    ),
    "",
    "## Claims",
    "",
    "What the commits and the description say of themselves. Nobody checked it, and no gate read it.",
    "",
    ...(bundle.claims.length === 0 ? ["- none"] : []),
    ...bundle.claims.map(({ source, name, value }) => `- ${code(source)}: ${plain(name)}: ${plain(value)}`),
    "",
    ...reviewLines(bundle.reviews),
    "",
    ...entryLines(bundle.entries),
  ];
  return `${lines.join("\n")}\n`;
}
