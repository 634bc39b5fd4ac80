import { html } from "hono/html";
import type { ListedRow } from "../store/overviews.ts";
import { age, badge, type Html, nextStep, placesOf, prose, shown, stateWords, type Web } from "./layout.ts";
import type { Repository } from "./viewer.ts";

/** What a person asked a list for; the address of the page holds it. */
export type ListQuery = { repository: string; kind: "" | "issue" | "pull"; state: string; who: string; page: number };

/** One page of a list and how it came about. */
export type ListPage = {
  path: string;
  rows: readonly ListedRow[];
  more: boolean;
  query: ListQuery;
  /** The repositories to choose from; empty: the list is of one. */
  repositories: readonly Repository[];
  names: ReadonlyMap<number, string>;
  web: Web;
  now: Date;
  caption: string;
  /** What an empty list means. */
  empty: string;
};

/** The states that rows can have, to choose from. */
const states = [
  "draft",
  "ready",
  "executing",
  "blocked",
  "failed",
  "manual_test",
  "complete",
  "archived",
  "pending",
  "failure",
  "success",
  "merged",
  "closed",
];

/** A list with its filter, its rows and the way to the next page. */
export function listContent(list: ListPage): Html {
  const { rows, caption, empty, query } = list;
  return html`${filterForm(list)}
${
  rows.length === 0
    ? html`<p class="lead">${query.page > 1 ? "There is no such page of this list." : isFiltered(query) ? "Nothing fits this filter." : empty}</p>`
    : html`<div class="table"><table class="stacked list"><caption>${caption}</caption>
<thead><tr><th scope="col">What</th><th scope="col">State</th><th scope="col">Why, and who can go on</th><th scope="col">Since</th></tr></thead>
<tbody>${rows.map((row) => rowOf(row, list))}</tbody></table></div>`
}
${pager(list)}`;
}

function rowOf(row: ListedRow, { names, web, now }: ListPage): Html {
  const { repository, kind, number, title, state, needs, blocks, step, who, since } = row;
  const name = names.get(Number(repository)) ?? "";
  const places = placesOf(web, name);
  const at = kind === "pull" ? places.pull(number) : places.story(number);
  const act = step === "" ? "" : html`${nextStep(step, who)}<a href="${places.issueAtGitHub(number)}">on GitHub</a>`;
  return html`<tr><th scope="row"><a href="${at}">${shown(title) || "Without a title"}</a>
<div class="quiet">${kind === "pull" ? "pull request" : "story"} ${name}#${number}</div></th>
<td class="short">${badge(needs ?? state)}</td><td>${blocks === "" ? "" : html`<div class="message">${prose(blocks)}</div>`}${act}</td>
<td class="short"><time datetime="${since.toISOString()}">${age(since, now)}</time></td></tr>`;
}

function filterForm({ path, query, repositories }: ListPage): Html {
  const option = (value: string, label: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ""}>${label}</option>`;
  // One of another version's address is shown as well: the list is filtered by it.
  const offered = query.state === "" || states.includes(query.state) ? states : [...states, query.state];
  return html`<form class="filter" action="${path}" method="get" aria-label="Filter">
${
  repositories.length < 2
    ? ""
    : html`<label>Repository<select name="repository">${option("", "all", query.repository)}${repositories.map(
        ({ name }) => option(name, name, query.repository),
      )}</select></label>`
}
<label>Kind<select name="kind">${option("", "all", query.kind)}${option("issue", "stories", query.kind)}${option("pull", "pull requests", query.kind)}</select></label>
<label>State<select name="state">${option("", "all", query.state)}${offered.map((state) => option(state, shown(stateWords(state)), query.state))}</select></label>
<label>Who can go on<input name="who" value="${shown(query.who)}" placeholder="@login or @org/team" maxlength="100"></label>
<button>Filter</button>
</form>`;
}

function isFiltered({ repository, kind, state, who }: ListQuery): boolean {
  return [repository, kind, state, who].some((one) => one !== "");
}

function pager({ path, query, more }: ListPage): Html | string {
  if (query.page === 1 && !more) return "";
  const to = (page: number) => {
    const { repository, kind, state, who } = query;
    const set = Object.entries({ repository, kind, state, who }).filter(([, value]) => value !== "");
    return `${path}?${new URLSearchParams([...set, ["page", String(page)]])}`;
  };
  return html`<nav class="pager" aria-label="Pages of the list">
${query.page > 1 ? html`<a rel="prev" href="${to(query.page - 1)}">Previous</a>` : ""}
<span class="quiet">Page ${query.page}</span>
${more ? html`<a rel="next" href="${to(query.page + 1)}">Next</a>` : ""}</nav>`;
}

/** The repositories that the viewer may read, and how much is open there. */
export function repositoriesContent(
  repositories: readonly Repository[],
  counts: readonly { repository: number; open: number; needed: number }[],
  web: Web,
): Html {
  const counted = new Map(counts.map((one) => [one.repository, one]));
  return html`<h1>Repositories</h1>
${
  repositories.length === 0
    ? html`<p class="lead">GitHub names no repository with Sallyport that you may read.</p>`
    : html`<div class="table"><table><caption>With Sallyport, as far as you may read them</caption>
<thead><tr><th scope="col">Repository</th><th scope="col">Open</th><th scope="col">Wait for a person's word</th></tr></thead>
<tbody>${repositories.map(
        ({ id, name }) => html`<tr><th scope="row"><a href="${placesOf(web, name).repository}">${name}</a></th>
<td>${counted.get(id)?.open ?? 0}</td><td>${counted.get(id)?.needed ?? 0}</td></tr>`,
      )}</tbody></table></div>`
}`;
}
