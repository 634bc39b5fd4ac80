import { html } from "hono/html";
import { dashboardDays } from "../../core/repository/dashboard.ts";
import { numbersSince } from "../../core/repository/numbers.ts";
import { standingOf } from "../store/folds.ts";
import { type Html, page, placesOf } from "./layout.ts";
import type { Reading, Shown } from "./reading.ts";

/** What the gates of a repository did in the last days: what they failed, what was waived, what got past them. */
export async function gatesPage(
  { viewer, repository }: Omit<Shown, "number">,
  { db, web, now }: Reading,
): Promise<Html> {
  const since = new Date(now().getTime() - dashboardDays * 86_400_000).toISOString();
  const standing = await standingOf(db, repository.id);
  const { judged, red, merged, past, opened, rounds, gates } = numbersSince(standing, since);
  const content = html`<p class="crumbs"><a href="/repositories">Repositories</a> / <a href="${placesOf(web, repository.name).repository}">${repository.name}</a></p>
<h1>Gates</h1>
<p class="lead">What they did in the last ${dashboardDays} days: each pull request counts once for a gate, however often it was judged.</p>
<dl class="facts">
<dt>Red at some time</dt><dd>${red} of ${judged} pull requests</dd>
<dt>Merged past the check</dt><dd>${past} of ${merged} merges</dd>
<dt>Agents' work sent back</dt><dd>${rounds} times; agents opened ${opened}</dd>
</dl>
${
  gates.length === 0
    ? html`<p class="lead">No gate failed, and nothing was waived.</p>`
    : html`<div class="table"><table><caption>What failed most comes first</caption>
<thead><tr><th scope="col">Gate</th><th scope="col">Pull requests that it failed</th><th scope="col">Waivers</th></tr></thead>
<tbody>${gates.map(
        ({ gate, failed, waived }) =>
          html`<tr><th scope="row"><code>${gate}</code></th><td>${failed}</td><td>${waived}</td></tr>`,
      )}</tbody></table></div>`
}
<p class="quiet">A gate that fails much and is waived much may be wrong here: <code>sallyport backtest</code> shows what another policy would have meant.</p>`;
  return page({ title: `Gates of ${repository.name}`, at: "/repositories", viewer }, content);
}
