import { html } from "hono/html";
import type { TypedEntry } from "../../core/entries.ts";
import { attemptName } from "../../core/identifiers.ts";
import type { AttemptRecord } from "../../core/record/story.ts";
import type { Pack, StepResult, Usage } from "../../schemas/step.ts";
import type { Step } from "../store/steps.ts";
import { badge, type Html, type Places, prose, short, shown, time } from "./layout.ts";
import { timeline } from "./timeline.ts";

/** Where an attempt stands; `isOver`: nothing of it changes any more. */
export type AttemptState = { name: string; why: string; isOver: boolean };

/** The button that stops a run: where its form goes, and what proves that our page made it. */
export type StopForm = { action: string; proof: string };

/** One attempt, from its entries, its stored bodies (null: given up by the policy's retention) and its steps so far. */
export type AttemptPage = {
  repository: string;
  number: number;
  title: string;
  story: number;
  began: string;
  parts: AttemptRecord;
  state: AttemptState;
  steps: readonly (Step & { at: Date })[];
  pack: Pack | null;
  result: StepResult | null;
  entries: readonly TypedEntry[];
  /** Null: nobody is signed in, or there is nothing to stop. */
  stop: StopForm | null;
  now: Date;
};

/** The page of an attempt; while it is not over, the part that changes is read again every two seconds. */
export function attemptContent(attempt: AttemptPage, places: Places): Html {
  const { repository, number, title, story, began, parts, state } = attempt;
  const { r, s } = parts.pack.attempt;
  const at = places.attempt(number, { r, s });
  // What could not be read this time leaves the part as it is; htmx would put the error in its place, and ask no more.
  const again = html` hx-get="${at}" hx-trigger="every 2s" hx-select="#attempt" hx-swap="outerMorph" hx-status:5xx="swap:none"`;
  return html`<p class="crumbs"><a href="${places.repository}">${repository}</a> / <a href="${places.story(story)}">story #${story}</a> / attempt</p>
<h1>${shown(title)} <span class="number">#${number}</span></h1>
<div id="attempt"${state.isOver ? "" : again}>
<p class="lead" aria-live="polite">${badge(state.name)} ${prose(state.why)} <span class="quiet">${attemptName(parts.pack)}: revision ${r}, try ${s}; handed over ${time(began)}.</span></p>
${stopPart(attempt, places)}
<div class="columns">${usePart(attempt)}${factsPart(attempt, places)}</div>
${changePart(attempt)}
${wordsPart(attempt)}
${stepsPart(attempt)}
<section aria-labelledby="recorded"><h2 id="recorded">What was recorded</h2>
${timeline(attempt.entries, places)}</section>
</div>`;
}

function stopPart({ state, stop, story, steps, now }: AttemptPage, places: Places): Html | string {
  if (state.isOver) return "";
  const last = steps.at(-1);
  const issue = html`<a href="${places.issueAtGitHub(story)}">#${story}</a>`;
  return html`<section class="card is-wait" aria-labelledby="now"><h2 id="now">Now</h2>
<p>${
    last === undefined
      ? "It has not said anything yet."
      : html`Last: <span class="message">${prose(last.line)}</span>, ${span(now.getTime() - last.at.getTime())} ago.`
  }</p>
${
  stop === null
    ? html`<p>To stop the run, comment on ${issue}:</p><pre>/stop</pre>`
    : html`<form method="post" action="${stop.action}"><input type="hidden" name="proof" value="${stop.proof}">
<button class="stop">Stop this run</button> <span class="quiet">It comments <code>/stop</code> on ${issue} as you; executors and approvers may.</span></form>`
}</section>`;
}

/** What was used so far: the service's own word once it has answered, before that the sum of its calls. */
function usePart({ parts, pack, steps, began, state, now }: AttemptPage): Html {
  const { response } = parts;
  const usage: Pick<Usage, "calls" | "inputTokens" | "outputTokens"> = response?.usage ??
    steps.findLast((step) => step.usage !== null)?.usage ?? { calls: 0, inputTokens: 0, outputTokens: 0 };
  const ended = state.isOver ? (steps.at(-1)?.at ?? new Date(began)) : now;
  const ran = response?.seconds ?? (ended.getTime() - new Date(began).getTime()) / 1_000;
  const limits = pack?.limits;
  const tokens = usage.inputTokens + usage.outputTokens;
  return html`<section aria-labelledby="used"><h2 id="used">Used, of its limits</h2>
<dl class="use">
${used("Time", ran, limits?.runtime, (value) => span(value * 1_000))}
${used("Model calls", usage.calls, limits?.turns, String)}
${used("Tokens", tokens, limits?.tokens, (value) => value.toLocaleString("en"))}
</dl>
<p class="quiet">${usage.inputTokens.toLocaleString("en")} tokens read, ${usage.outputTokens.toLocaleString("en")} written.${
    limits === undefined ? " Its limits are in its prompt, which the policy's retention has taken away." : ""
  }</p></section>`;
}

function used(name: string, value: number, limit: number | undefined, words: (value: number) => string): Html {
  if (limit === undefined) return html`<dt>${name}</dt><dd>${words(value)}</dd>`;
  return html`<dt>${name}</dt><dd>${words(value)} <span class="quiet">of ${words(limit)}</span>
<meter aria-label="${name}" min="0" max="${limit}" high="${limit * 0.8}" optimum="0" value="${Math.min(value, limit)}"></meter></dd>`;
}

function factsPart({ parts, pack }: AttemptPage, places: Places): Html {
  const { response, commit } = parts;
  const { tool } = response ?? {};
  const by = tool === undefined ? "Sallyport's own agent" : [tool.name, tool.version].join(" ").trim();
  const model = response?.usage.model;
  return html`<section aria-labelledby="facts"><h2 id="facts">Facts</h2>
<dl class="facts">
${response === null ? "" : html`<dt>Agent</dt><dd>${shown(by)}${model === undefined ? "" : html`, ${shown(model)}`}</dd>`}
${pack === null ? "" : html`<dt>Role</dt><dd>${shown(pack.role.name)}: <code>${shown(pack.paths.join(" "))}</code></dd>`}
<dt>Base</dt><dd><a href="${places.commitAtGitHub(parts.pack.base)}">${short(parts.pack.base)}</a></dd>
<dt>Branch</dt><dd><code>${parts.pack.branch}</code></dd>
${commit === null ? "" : html`<dt>Commit</dt><dd><a href="${places.commitAtGitHub(commit.commit)}">${short(commit.commit)}</a></dd>`}
${parts.rework === null ? "" : html`<dt>Mends</dt><dd>what failed at ${short(parts.rework.head)}</dd>`}
</dl></section>`;
}

/** The diff of each file, as the last step that wrote it left it. */
function changePart({ steps, result, parts }: AttemptPage): Html | string {
  const patches = new Map(steps.flatMap(({ path, patch }) => (path === null ? [] : [[path, patch] as const])));
  const left = new Set(result?.files.map(({ path }) => path) ?? parts.response?.files.map(({ path }) => path) ?? []);
  for (const path of left) if (!patches.has(path)) patches.set(path, null);
  const changed = [...patches].filter(([, patch]) => patch !== "");
  if (changed.length === 0) return "";
  return html`<section aria-labelledby="changes"><h2 id="changes">What it changes</h2>
${changed.map(
  ([path, patch]) => html`<h3><code>${shown(path)}</code></h3>
${patch === null ? html`<p class="quiet">Too long to be shown, or no longer kept.</p>` : patchText(path, patch)}`,
)}</section>`;
}

/** A unified diff without its two lines of names; a sign stands before what was added and taken away. */
function patchText(path: string, patch: string): Html {
  const lines = patch.trimEnd().split("\n");
  const body = lines.filter((line) => !/^(?:---|\+\+\+) /.test(line));
  return html`<pre class="diff" tabindex="0" aria-label="Diff of ${shown(path)}">${body.map((line) => {
    const text = `${shown(line)}\n`;
    if (line.startsWith("+")) return html`<ins>${text}</ins>`;
    if (line.startsWith("-")) return html`<del>${text}</del>`;
    return line.startsWith("@@") ? html`<b>${text}</b>` : html`<span>${text}</span>`;
  })}</pre>`;
}

function wordsPart({ result, parts }: AttemptPage): Html | string {
  const reasons = parts.closed?.reasons ?? [];
  if (result === null && reasons.length === 0) return "";
  const { summary = "", questions = [], claims = [], code = "", redacted = [] } = result ?? {};
  return html`<section aria-labelledby="words"><h2 id="words">What came of it</h2>
${reasons.length === 0 ? "" : html`<ul>${reasons.map(({ path, message }) => html`<li class="message">${path === undefined ? "" : html`<code>${shown(path)}</code>: `}${prose(message)}</li>`)}</ul>`}
${result === null ? "" : html`<p class="quiet">In the agent's words, which nobody checked (<code>${code}</code>):</p><p class="message">${shown(summary)}</p>`}
${questions.length === 0 ? "" : html`<ul>${questions.map((one) => html`<li class="message">${shown(one)}</li>`)}</ul>`}
${claims.length === 0 ? "" : html`<dl class="claims">${claims.map(({ criterion, how }) => html`<dt>${shown(criterion)}</dt><dd>${shown(how)}</dd>`)}</dl>`}
${redacted.length === 0 ? "" : html`<p class="quiet">What looked like a secret was cut out of it.</p>`}</section>`;
}

function stepsPart({ steps }: AttemptPage): Html {
  if (steps.length === 0)
    return html`<section aria-labelledby="steps"><h2 id="steps">Steps</h2><p>None is kept.</p></section>`;
  const [first] = steps;
  return html`<section aria-labelledby="steps"><h2 id="steps">Steps</h2>
<div class="table"><table><caption>Since ${first === undefined ? "" : time(first.at)}, without secrets</caption>
<thead><tr><th scope="col">After</th><th scope="col">What it did</th><th scope="col">Tokens so far</th></tr></thead>
<tbody>${steps.map(
    ({ at, line, usage }) =>
      html`<tr><td class="short">${span(at.getTime() - (first?.at.getTime() ?? 0))}</td><td>${prose(line)}</td>
<td class="short">${usage === null ? "" : (usage.inputTokens + usage.outputTokens).toLocaleString("en")}</td></tr>`,
  )}</tbody></table></div></section>`;
}

/** A span of time in its two largest units, such as "1 min 5 s". */
function span(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1_000));
  if (all < 60) return `${all} s`;
  const minutes = Math.floor(all / 60);
  return minutes < 60 ? `${minutes} min ${all % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
