import { html } from "hono/html";
import { planLists } from "../../core/contract/plan-parts.ts";
import type { TypedEntry } from "../../core/entries.ts";
import { actionsText } from "../../core/evidence/entry-text.ts";
import { attemptName } from "../../core/identifiers.ts";
import { promptState, stageNames, storyStage } from "../../core/record/progress.ts";
import { foldStory, type PromptRecord, type StoryRecord } from "../../core/record/story.ts";
import { stages } from "../../schemas/road-entries.ts";
import type { OverviewRow } from "../store/overviews.ts";
import { badge, type Html, nextStep, type Places, prose, short, shown, time } from "./layout.ts";
import { timeline } from "./timeline.ts";

/** A story: where it stands, its plan and prompts with their attempts, and everything that happened. */
export type StoryPage = {
  repository: string;
  number: number;
  /** Where it was last seen to stand; null: nothing was decided on it. */
  overview: OverviewRow | null;
  /** The entries about the story, its prompts and its pull requests. */
  entries: readonly TypedEntry[];
};

/** The page of a story, from its label to its merges. */
export function storyContent({ repository, number, overview, entries }: StoryPage, places: Places): Html {
  const record = foldStory(number, entries);
  const stage = storyStage(record);
  const title = overview?.title ?? record.plan?.plan.approach.slice(0, 80) ?? "";
  return html`<p class="crumbs"><a href="${places.repository}">${repository}</a> / story</p>
<h1>${shown(title) || "A story"} <span class="number">#${number}</span></h1>
<p class="lead">${overview === null ? "" : html`${badge(overview.needs ?? overview.state)} since ${time(overview.since)}`}</p>
<ul class="tabs"><li><a href="${places.issueAtGitHub(number)}">Issue on GitHub</a></li></ul>
<p class="quiet">Stage: ${stages.map(
    (one, index) =>
      html`${index === 0 ? "" : " → "}${one === stage ? html`<strong aria-current="step">${stageNames[one]}</strong>` : stageNames[one]}`,
  )}</p>
${
  overview === null || (overview.blocks === "" && overview.step === "")
    ? ""
    : html`<section class="card ${overview.needs === null ? "" : "is-wait"}" aria-labelledby="now"><h2 id="now">Now</h2>
<p class="message">${prose(overview.blocks)}</p>${nextStep(overview.step, overview.who)}</section>`
}
${promptSection(record, places)}
${planSection(record)}
<section aria-labelledby="happened"><h2 id="happened">What happened</h2>
${entries.length === 0 ? html`<p>Nothing was recorded yet.</p>` : timeline(entries, places)}</section>`;
}

function promptSection(record: StoryRecord, places: Places): Html | string {
  if (record.prompts.length === 0) return "";
  return html`<section aria-labelledby="prompts"><h2 id="prompts">Diff prompts</h2>
<div class="table"><table class="stacked"><caption>One reviewable change each, in their order</caption>
<thead><tr><th scope="col">Prompt</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">Pull request</th></tr></thead>
<tbody>${record.prompts.map((prompt) => promptRow(prompt, record, places))}</tbody></table></div></section>`;
}

function promptRow(prompt: PromptRecord, record: StoryRecord, places: Places): Html {
  const { contract, issue, attempts, pull, verdict } = prompt;
  const name = html`${contract.index}. ${shown(contract.title)}`;
  return html`<tr><th scope="row">${issue === null ? name : html`<a href="${places.issueAtGitHub(issue)}">${name}</a>`}</th>
<td class="short">${badge(promptState(prompt, record))}</td>
<td>${attempts.map((attempt) => html`<div>${attemptText(attempt, places)}</div>`)}</td>
<td>${
    pull === null
      ? ""
      : html`<a href="${places.pull(pull)}">#${pull}</a> ${prompt.merge !== null ? badge("merged") : verdict === null ? "" : badge(verdict.conclusion)}
<a href="${places.evidence(pull)}">evidence</a>`
  }</td></tr>`;
}

function attemptText({ pack, response, closed }: PromptRecord["attempts"][number], places: Places): Html {
  const name = html`<a href="${places.attempt(pack.prompt, pack.attempt)}"><strong>${attemptName(pack)}</strong></a>`;
  if (response === null) return html`${name} began from ${short(pack.base)}; no answer is recorded.`;
  const { usage, seconds, code, outcome, actions } = response;
  const where = actions === undefined ? "" : `, ${actionsText(actions)}`;
  const reasons =
    closed?.reasons.map(({ path, message }) => (path === undefined ? message : `${path}: ${message}`)) ?? [];
  const end = closed === null ? outcome : closed.accepted ? "accepted" : `refused: ${reasons.join("; ")}`;
  return html`${name} ${prose(end)}${outcome === "finished" ? "" : ` (${shown(code)})`} <span class="quiet">${shown(usage.model)}, ${usage.calls} calls,
${usage.inputTokens} tokens in, ${usage.outputTokens} out, ${seconds} s${where}</span>`;
}

function planSection({ plan, contract }: StoryRecord): Html | string {
  if (plan === null) return "";
  const { approach, risk, prompts } = plan.plan;
  const isApproved = contract?.revision === plan.revision;
  const lines = (title: string, items: readonly string[]) =>
    items.length === 0
      ? ""
      : html`<h3>${title}</h3><ul>${items.map((one) => html`<li class="message">${shown(one)}</li>`)}</ul>`;
  return html`<section aria-labelledby="plan"><h2 id="plan">Plan</h2>
<p>${badge(isApproved ? "approved" : "not approved")} Revision ${plan.revision}, by ${shown(plan.usage.model)}, asked for by @${shown(plan.requestedBy.login)}. Risk: ${risk}.</p>
<p class="message">${shown(approach)}</p>
${planLists(plan.plan).map(([title, items]) => lines(title, items))}
<details><summary>The diff prompts in full</summary>
${prompts.map(
  (prompt, index) => html`<h3>${index + 1}. ${shown(prompt.title)}</h3><p class="message">${shown(prompt.objective)}</p>
<p class="quiet">Role ${shown(prompt.role)}; may change ${prompt.paths.map((path, at) => html`${at === 0 ? "" : ", "}<code>${shown(path)}</code>`)}</p>`,
)}</details></section>`;
}
