import { html } from "hono/html";
import type { TypedEntry } from "../../core/entries.ts";
import { jsonText } from "../../core/escape.ts";
import { entryDetail } from "../../core/evidence/entry-text.ts";
import { type Html, type Places, prose, short, shown, time } from "./layout.ts";

/** The kinds that only keep the books; a timeline is longer with them and says no more. */
const bookkeeping: ReadonlySet<string> = new Set(["checkpoint.recorded", "handoff.made", "prompt.opened"]);

/** What happened, oldest first, each step with the entry that proves it. */
export function timeline(entries: readonly TypedEntry[], places: Places): Html {
  const steps = entries.filter(({ kind }) => !bookkeeping.has(kind));
  return html`<ol class="chain">${steps.map(
    (entry) =>
      html`<li class="${linkClass(entry)}"><h3>${kindWords(entry.kind)}</h3><span class="quiet">${whoOf(entry)}, ${time(entry.at)}</span>
<div class="message">${prose(entryDetail(entry).join(" · "))}</div>
<span class="proof">${about(entry, places)}<a href="${places.entry(entry.seq)}">entry ${entry.seq}</a> ${short(entry.hash)}</span></li>`,
  )}</ol>`;
}

function whoOf({ actor }: TypedEntry): string {
  if (actor.type === "app") return "Sallyport";
  return actor.type === "agent" ? `agent ${shown(actor.login)}` : `@${shown(actor.login)}`;
}

/** The kind of an entry as words, such as "Plan proposed". */
function kindWords(kind: string): string {
  const text = kind.replaceAll(/[.-]/g, " ");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** How its link of the chain is drawn: as done (no class), as a fault, or as a mere step. */
function linkClass(entry: TypedEntry): "missing" | "plain" | "" {
  switch (entry.kind) {
    case "plan.failed":
    case "rollback.failed":
    case "remediation.opened":
    case "incident.raised":
    case "concern.raised":
      return "missing";
    case "attempt.closed":
      return entry.body.accepted ? "" : "missing";
    case "verdict.given":
      return entry.body.conclusion === "success" ? "" : entry.body.conclusion === "failure" ? "missing" : "plain";
    case "sign-off.given":
      return entry.body.result === "pass" ? "" : "missing";
    case "command":
      return entry.body.accepted ? "" : "missing";
    case "approval.granted":
    case "merge.observed":
    case "evidence.sealed":
    case "story.completed":
    case "prompt.completed":
      return "";
    default:
      return "plain";
  }
}

function about({ body }: TypedEntry, places: Places): Html | string {
  return "pull" in body && body.pull !== null && body.pull !== undefined
    ? html`<a href="${places.pull(body.pull)}">pull request #${body.pull}</a> · `
    : "";
}

/** One entry of the ledger, whole. */
export function entryContent(repository: string, entry: TypedEntry, places: Places): Html {
  const { seq, hash, at, kind, body } = entry;
  return html`<p class="crumbs"><a href="${places.repository}">${repository}</a> / ledger</p>
<h1>${kindWords(kind)} <span class="number">entry ${seq}</span></h1>
<p class="lead message">${prose(entryDetail(entry).join(" · "))}</p>
<dl class="facts">
<dt>Kind</dt><dd><code>${kind}</code></dd>
<dt>Who</dt><dd>${whoOf(entry)} (id ${entry.actor.id})</dd>
<dt>When</dt><dd>${time(at)}</dd>
<dt>SHA-256</dt><dd><code>${hash}</code></dd>
</dl>
<h2>What it holds</h2>
<pre tabindex="0" aria-label="The body of the entry as JSON">${jsonText(body)}</pre>
<p class="quiet">A clone and the public key are enough to check it: <code>npx sallyport ledger verify CLONE --head ${seq}:${hash}</code></p>`;
}
