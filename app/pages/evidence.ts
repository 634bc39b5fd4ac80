import { html } from "hono/html";
import { lastEntry, type TypedEntry } from "../../core/entries.ts";
import { type TraceLink, type TraceStep, tracePull } from "../../core/evidence/trace.ts";
import { type Html, type Places, prose, shown, time } from "./layout.ts";
import { style } from "./style.ts";

/** What is asked of the ledger: the entries about a pull request, its story and its prompts. */
export type EvidencePage = {
  repository: string;
  pull: number;
  entries: readonly TypedEntry[];
  /** The ledger's head as `seq:hash`; null: the ledger is empty. */
  head: string | null;
  /** Addresses of entries, where there are pages; null: the page stands alone. */
  places: Places | null;
  /** What the agent was told and what it answered, where the ledger publishes it. */
  told?: string | null;
  answered?: string | null;
};

/** What each link of the chain is, for a reader who sees one for the first time. */
const meanings: Readonly<Record<TraceStep | "plan", string>> = {
  issue: "The diff prompt, as an issue",
  plan: "What a model proposed",
  contract: "What was approved, frozen",
  approval: "A person's yes to one digest",
  run: "A person started it",
  prompt: "What the agent was told, recorded before it was asked",
  answer: "What it answered, recorded before it was used",
  evidence: "Prompt and answer bound together",
  commands: "What Sallyport ran on the answer, and how it ended",
  commit: "What was written from the answer",
  "pull request": "Where people saw it",
  adoption: "A person answers for commits that no run made",
  claims: "What others claim of it; nobody checked it",
  "sign-off": "A person tried this commit",
  review: "A person's review, as GitHub told it",
  merge: "What entered the branch",
};

type Link = Omit<TraceLink, "link"> & { link: TraceStep | "plan" };

/** The evidence of a pull request: each link from the plan to the merge, with its entry and its digest. */
export function evidenceContent({ repository, pull, entries, head, places, told, answered }: EvidencePage): Html {
  const trace = tracePull(entries, pull);
  // In the order of what happened; what is missing would come before what builds on it.
  const links = withPlan(trace.links, entries).toSorted((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  const isEmpty = links.every(({ seq }) => seq === null);
  return html`<p class="crumbs">${
    places === null ? repository : html`<a href="${places.repository}">${repository}</a>`
  } / evidence</p>
<h1>Evidence of <span class="number">#${pull}</span></h1>
<p class="lead">${
    isEmpty
      ? "No run made it and nobody adopted it, as far as the ledger tells."
      : trace.ok
        ? "No link is missing: from what was merged back to a person, each was recorded before the one that builds on it."
        : "A link is missing. What is not recorded did not happen, as far as this ledger tells."
  }</p>
${trace.note === undefined ? "" : html`<p>${trace.note}</p>`}
${places === null ? "" : html`<ul class="tabs"><li><a href="${places.pull(pull)}">Verdict</a></li><li><a href="${places.issueAtGitHub(pull)}">Pull request on GitHub</a></li></ul>`}
<h2>From the plan to the merge</h2>
<ol class="chain">${links.map((link) => linkItem(link, bySeq, places))}</ol>
${bodySection("What the agent was told", told)}${bodySection("What it answered", answered)}
<section aria-labelledby="verify"><h2 id="verify">Check it yourself</h2>
<p>${
    places === null
      ? "This file was made from a ledger whose every signature was checked. Whoever gave it to you may have changed it since:"
      : "This page tells what the service recorded. A clone and the public key prove it, without this service:"
  }</p>
<pre tabindex="0" aria-label="Commands">git clone --mirror ${places === null ? "REPOSITORY" : `${places.github}.git`} clone.git
npx sallyport ledger verify clone.git --pr ${pull}${head === null ? "" : ` --head ${head}`}</pre></section>`;
}

function linkItem({ link, seq, text }: Link, bySeq: ReadonlyMap<number, TypedEntry>, places: Places | null): Html {
  const entry = seq === null ? undefined : bySeq.get(seq);
  return html`<li class="${seq === null ? "missing" : ""}"><h3>${link.slice(0, 1).toUpperCase()}${link.slice(1)}</h3>
<span class="quiet">${meanings[link]}${entry === undefined ? "" : html`, ${time(entry.at)}`}</span>
<div class="message">${seq === null ? html`<strong>Missing:</strong> ` : ""}${prose(text)}</div>${
    entry === undefined
      ? ""
      : html`<span class="proof">${
          places === null ? `entry ${seq}` : html`<a href="${places.entry(entry.seq)}">entry ${seq}</a>`
        }, SHA-256 <code>${entry.hash}</code></span>`
  }</li>`;
}

/** The plan stands before the contract that froze it. */
function withPlan(links: readonly TraceLink[], entries: readonly TypedEntry[]): Link[] {
  return links.flatMap((link): Link[] => {
    const frozen = entries.find((entry) => entry.kind === "contract.frozen" && entry.seq === link.seq);
    if (frozen?.kind !== "contract.frozen") return [link];
    const { story, revision } = frozen.body;
    const plan = lastEntry(entries, "plan.proposed", ({ body }) => body.story === story && body.revision === revision);
    if (plan === undefined) return [link];
    const { planSha256, usage, requestedBy } = plan.body;
    const text = `revision ${revision} by ${usage.model}, asked for by @${requestedBy.login}, digest ${planSha256}`;
    return [{ link: "plan", seq: plan.seq, text }, link];
  });
}

function bodySection(title: string, text: string | null | undefined): Html | string {
  if (text === undefined || text === null) return "";
  return html`<details><summary>${title}</summary><pre tabindex="0" aria-label="${title}">${shown(text)}</pre></details>`;
}

/** The evidence as one file that needs no network: the style is inside, nothing else may be loaded, no script may run. */
export async function evidenceFile(evidence: EvidencePage): Promise<string> {
  const sheet = `data:text/css;base64,${Buffer.from(style).toString("base64")}`;
  const file = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evidence of #${evidence.pull} in ${evidence.repository}</title>
<link rel="stylesheet" href="${sheet}">
</head>
<body>
<main>
${evidenceContent(evidence)}
</main>
</body>
</html>
`;
  return String(file);
}
