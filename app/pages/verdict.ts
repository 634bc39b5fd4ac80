import { html } from "hono/html";
import { blocking, titleOf } from "../../core/verdict/report.ts";
import { policyPath } from "../../schemas/limits.ts";
import type { GateResult, Reason, Verdict } from "../../schemas/verdict.ts";
import { badge, type Html, nextStep, type Places, prose, short, shown, time, toneOf } from "./layout.ts";

/** A verdict and the entries about it, newest first. `isWhole`: with its reasons, which the ledger does not hold. */
export type ShownVerdict = {
  verdict: Verdict;
  isWhole: boolean;
  /** The entry that holds its digest; null: it was not recorded, because a fact could not be read. */
  entry: { seq: number; at: string } | null;
  digest: string;
  history: { seq: number; at: string; head: string; conclusion: string }[];
};

/** What is known of a pull request, and its verdict, if there is one. */
export type PullPage = {
  repository: string;
  number: number;
  title: string;
  state: string;
  since: Date | null;
  story: number | null;
  shown: ShownVerdict | null;
};

/** The verdict on a pull request: what blocks first, and who can do something about it. */
export function verdictContent(pull: PullPage, places: Places): Html {
  const { repository, number, title, state, since, story, shown: given } = pull;
  const isOpen = state === "success" || state === "failure" || state === "pending";
  return html`<p class="crumbs"><a href="${places.repository}">${repository}</a> / pull request</p>
<h1>${shown(title)} <span class="number">#${number}</span></h1>
<p class="lead">${badge(state)} ${given === null ? "" : isOpen ? titleOf(given.verdict) : "It is closed; this was its last verdict."}</p>
<ul class="tabs">
<li><a href="${places.issueAtGitHub(number)}">Pull request on GitHub</a></li>
<li><a href="${places.evidence(number)}">Evidence</a></li>
${story === null ? "" : html`<li><a href="${places.story(story)}">Story #${story}</a></li>`}
</ul>
${given === null ? html`<p>No verdict on it was recorded yet.</p>` : verdictParts(given, places, since)}`;
}

function verdictParts(
  { verdict, isWhole, entry, digest, history }: ShownVerdict,
  places: Places,
  since: Date | null,
): Html {
  const blocked = blocking(verdict);
  const others = verdict.gates.filter((gate) => !blocked.includes(gate));
  const asked = others.filter(({ status }) => status !== "not-applicable");
  const idle = others.filter(({ status }) => status === "not-applicable");
  const size = verdict.gates.find(({ gate }) => gate === "diff-size")?.reasons[0]?.message;
  const { policy } = verdict;
  return html`
<section aria-labelledby="blocks"><h2 id="blocks">${blocked.length === 0 ? "Nothing blocks" : "What blocks"}</h2>
${isWhole ? "" : html`<p class="quiet">Only the results are recorded here; the reasons are in the pull request's comment.</p>`}
${blocked.length === 0 ? html`<p>Every gate that was asked lets this commit through.</p>` : ""}
${blocked.map((gate) => gateCard(gate, policy, places))}
</section>
<section aria-labelledby="others"><h2 id="others">What passes</h2>
${
  asked.length === 0
    ? html`<p>Nothing yet.</p>`
    : html`<div class="table"><table class="stacked"><caption>Gates that let the commit through</caption>
<thead><tr><th scope="col">Gate</th><th scope="col">Result</th><th scope="col">Why</th></tr></thead>
<tbody>${asked.map(
        ({ gate, status, reasons }) =>
          html`<tr><th scope="row" class="short">${gate}</th><td class="short">${badge(status)}</td><td>${reasons.map(
            (reason) => html`<div class="message">${reasonText(reason, policy, places)}</div>`,
          )}</td></tr>`,
      )}</tbody></table></div>`
}
${idle.length === 0 ? "" : html`<p class="quiet">Not asked of this change: ${idle.map(({ gate }) => gate).join(", ")}.</p>`}
</section>
<section aria-labelledby="judged"><h2 id="judged">What was judged</h2>
<dl class="facts">
<dt>Head</dt><dd><a href="${places.commitAtGitHub(verdict.head)}"><code>${verdict.head}</code></a></dd>
<dt>Base</dt><dd><code>${verdict.base}</code></dd>
${size === undefined ? "" : html`<dt>Size of the diff</dt><dd>${prose(size)}</dd>`}
<dt>Policy</dt><dd>${
    policy === null
      ? "none could be read"
      : html`<a href="${places.lineAtGitHub(policy.ref, policyPath, 1)}">${policyPath}</a> at ${short(policy.ref)}, blob ${short(policy.blob)}`
  }</dd>
<dt>Judged</dt><dd>${entry === null ? (since === null ? "" : html`${time(since)}, not recorded yet`) : time(entry.at)}, rules ${verdict.engine}</dd>
<dt>Recorded</dt><dd>${entry === null ? "not yet" : html`<a href="${places.entry(entry.seq)}">entry ${entry.seq}</a>`}, digest <code>${digest}</code></dd>
</dl>
</section>
${history.length < 2 ? "" : historyTable(history, places)}`;
}

function gateCard({ gate, status, reasons }: GateResult, policy: Verdict["policy"], places: Places): Html {
  return html`<article class="card ${toneOf(status)}"><header><h3>${gate}</h3>${badge(status)}</header>
<ul>${reasons.map(
    (reason) =>
      html`<li><span class="message">${reasonText(reason, policy, places)}</span>${
        reason.next === undefined ? "" : nextStep(reason.next.step, reason.next.who)
      }</li>`,
  )}</ul></article>`;
}

function reasonText({ message, path, line, policyLine }: Reason, policy: Verdict["policy"], places: Places): Html {
  const where = path === undefined ? "" : html`<code>${shown(path)}${line === undefined ? "" : `:${line}`}</code>: `;
  const rule =
    policyLine === undefined || policy === null
      ? ""
      : html` <a class="quiet" href="${places.lineAtGitHub(policy.ref, policyPath, policyLine)}">policy line ${policyLine}</a>`;
  return html`${where}${prose(message)}${rule}`;
}

function historyTable(history: ShownVerdict["history"], places: Places): Html {
  return html`<section aria-labelledby="before"><h2 id="before">Verdicts so far</h2>
<div class="table"><table class="stacked"><caption>Newest first; each stands in the ledger</caption>
<thead><tr><th scope="col">When</th><th scope="col">Head</th><th scope="col">Verdict</th><th scope="col">Entry</th></tr></thead>
<tbody>${history.map(
    ({ seq, at, head, conclusion }) =>
      html`<tr><th scope="row" class="short">${time(at)}</th><td>${short(head)}</td><td>${badge(conclusion)}</td>
<td class="short"><a href="${places.entry(seq)}">entry ${seq}</a></td></tr>`,
  )}</tbody></table></div></section>`;
}
