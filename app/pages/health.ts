import { html } from "hono/html";
import { SallyportError } from "../../core/errors.ts";
import { type Backlog, githubRemaining } from "../settings/metrics.ts";
import { lastDelivery, type Progress, readBacklog, readGivenUp, readProgress } from "../store/backlog.ts";
import type { Database } from "../store/database.ts";
import { age, badge, type Html, page, placesOf, prose, shown, time } from "./layout.ts";
import type { Reading } from "./reading.ts";
import type { Viewer } from "./viewer.ts";

/** From when on waiting is more than work, in seconds: three sweeps for a search, a minute for all else. */
const late = { search: 15 * 60, work: 60 } as const;

/** The most given-up effects on the page. */
const maxGivenUp = 20;

/** How the service is: what waits and for how long, what was given up, what GitHub still allows. */
export async function healthPage(viewer: Viewer, { db, web, now }: Reading): Promise<Html> {
  const { repositories } = viewer;
  const ids = repositories.map(({ id }) => id);
  const frame = { title: "Health", at: "/health", viewer };
  if (ids.length === 0)
    return page(
      frame,
      html`<h1>Health</h1><p class="lead">GitHub names no repository with Sallyport that you may read.</p>`,
    );
  const backlog = await backlogOf(db);
  const progress = await readProgress(db, ids);
  const givenUp = await readGivenUp(db, maxGivenUp, ids);
  const heard = await lastDelivery(db);
  const names = new Map(repositories.map(({ id, name }) => [id, name]));
  const content = html`<h1>Health</h1>
<p class="lead">How the service was at ${time(now())}. Repositories that you may not read are in the sums alone.</p>
<section aria-labelledby="service"><h2 id="service">The service</h2>
<dl class="facts">
<dt>Last heard of GitHub</dt><dd>${heard === null ? "no webhook yet" : html`${time(heard)} <span class="quiet">${ago(heard, now())}</span>`}</dd>
<dt>GitHub still allows</dt><dd>${await quotaText()}</dd>
${backlog === null ? "" : backlogFacts(backlog)}
</dl>
${backlog === null || backlog.queues.length === 0 ? html`<p>No job waits.</p>` : queueTable(backlog.queues)}</section>
<section aria-labelledby="repositories"><h2 id="repositories">Repositories</h2>
${
  progress.length === 0
    ? html`<p>Nothing was done in any of them yet.</p>`
    : progressTable(progress, names, now(), (name) => placesOf(web, name).repository)
}</section>
<section aria-labelledby="given-up"><h2 id="given-up">Given up</h2>
${
  givenUp.length === 0
    ? html`<p>Nothing was given up.</p>`
    : html`<p>Whoever runs the service begins them again with <code>npx sallyport queue dead --retry</code>.</p>
<ul>${givenUp.map(
        ({ repository, key, tries, message }) =>
          html`<li><span class="message">${names.get(repository)}: ${prose(message)}</span>
<span class="quiet"><code>${shown(key)}</code>, ${tries} tries</span></li>`,
      )}</ul>`
}</section>`;
  return page(frame, content);
}

/** What waits; null: the queue was never started on this database. */
async function backlogOf(db: Database): Promise<Backlog | null> {
  return readBacklog(db).catch((error: unknown) => {
    if (error instanceof SallyportError && error.code === "bad-input") return null;
    throw error;
  });
}

/** The least that is left of each kind of quota, as this process saw it last. */
async function quotaText(): Promise<string> {
  const { values } = await githubRemaining.get();
  const least = new Map<string, number>();
  for (const { labels, value } of values) {
    const kind = String(labels.resource);
    least.set(kind, Math.min(value, least.get(kind) ?? value));
  }
  if (least.size === 0) return "not asked yet";
  return [...least].map(([kind, value]) => `${value.toLocaleString("en")} requests (${kind})`).join(", ");
}

function backlogFacts({ outbox, unpublished }: Backlog): Html {
  const waits = `${outbox.open} to do${outbox.oldest < 1 ? "" : `, the oldest for ${Math.round(outbox.oldest)} s`}`;
  return html`<dt>Writes and agents</dt><dd>${stateBadge(outbox.oldest > late.work, outbox.failed > 0)} ${waits}, ${outbox.failed} given up</dd>
<dt>Ledger</dt><dd>${unpublished === 0 ? "all entries are on their branches" : `${unpublished} entries are not on their branch yet`}</dd>`;
}

function stateBadge(isLate: boolean, isGivenUp: boolean): Html {
  return badge(isGivenUp ? "given-up" : isLate ? "late" : "well");
}

function queueTable(queues: Backlog["queues"]): Html {
  return html`<div class="table"><table class="stacked"><caption>Jobs of all processes that share the database</caption>
<thead><tr><th scope="col">Queue</th><th scope="col">State</th><th scope="col">Jobs</th></tr></thead>
<tbody>${queues.map(
    ({ queue, waiting, active, oldest }) =>
      html`<tr><th scope="row">${queue}</th><td>${stateBadge(oldest > late.work, false)}</td>
<td>${active} at work, ${waiting} waiting${oldest < 1 ? "" : `, the oldest for ${Math.round(oldest)} s`}</td></tr>`,
  )}</tbody></table></div>`;
}

function progressTable(
  rows: readonly Progress[],
  names: ReadonlyMap<number, string>,
  now: Date,
  placeOf: (name: string) => string,
): Html {
  return html`<div class="table"><table class="stacked"><caption>The sweep looks at each every five minutes</caption>
<thead><tr><th scope="col">Repository</th><th scope="col">State</th><th scope="col">Sweep</th><th scope="col">Writes</th><th scope="col">Ledger</th></tr></thead>
<tbody>${rows.map(({ repository, searched, open, failed, oldest, entries, unpublished }) => {
    const name = names.get(repository) ?? "";
    const isLate = oldest > late.work || searched === null || now.getTime() - searched.getTime() > late.search * 1_000;
    return html`<tr><th scope="row"><a href="${placeOf(name)}">${name}</a></th><td>${stateBadge(isLate, failed > 0)}</td>
<td>swept ${searched === null ? "never" : html`${time(searched)} <span class="quiet">${ago(searched, now)}</span>`}</td>
<td>${open} writes to do${failed === 0 ? "" : `, ${failed} given up`}</td>
<td>${entries} entries${unpublished === 0 ? "" : `, ${unpublished} not published`}</td></tr>`;
  })}</tbody></table></div>`;
}

function ago(moment: Date, now: Date): string {
  const text = age(moment, now);
  return text === "just now" ? text : `${text} ago`;
}
