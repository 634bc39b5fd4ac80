import { html } from "hono/html";
import { sha256 } from "../../core/digest.ts";
import { entriesOf, numbersOf, numbersUnder, type TypedEntry } from "../../core/entries.ts";
import { storyOf } from "../../core/record/pull.ts";
import type { EntryBody } from "../../schemas/entries.ts";
import { Verdict } from "../../schemas/verdict.ts";
import { headOf } from "../store/chain.ts";
import type { Database } from "../store/database.ts";
import { countOverviews, getOverview, type ListFilter, listOverviews, type OverviewRow } from "../store/overviews.ts";
import { entriesAbout, entryAt } from "../store/readings.ts";
import { evidenceContent } from "./evidence.ts";
import { type Html, page, placesOf, type Web } from "./layout.ts";
import { type ListPage, type ListQuery, listContent, repositoriesContent } from "./lists.ts";
import { storyContent } from "./story.ts";
import { entryContent } from "./timeline.ts";
import { type ShownVerdict, verdictContent } from "./verdict.ts";
import type { Repository, Viewer } from "./viewer.ts";

/** What pages are read from. */
export type Reading = { db: Database; web: Web; now: () => Date };

/** What a page is of: a repository that the viewer may read, and a number in it. */
export type Shown = { viewer: Viewer; repository: Repository; number: number };

/** The repository of an address, if GitHub lets the viewer read it; GitHub's names know no upper and lower case. */
export function readable(
  { repositories }: Viewer,
  { owner, repo }: { owner: string; repo: string },
): Repository | null {
  const name = `${owner}/${repo}`.toLowerCase();
  return repositories.find((one) => one.name.toLowerCase() === name) ?? null;
}

const lists = {
  inbox: {
    path: "/",
    title: "Inbox",
    lead: "What waits for a person's word: an approval, an answer, a review, a sign-off.",
    caption: "What has waited longest comes first",
    empty: "Nothing waits for anybody's word.",
  },
  stuck: {
    path: "/stuck",
    title: "Stuck",
    lead: "Everything that goes on only when somebody acts, since when, and who can.",
    caption: "What has stood longest comes first",
    empty: "Nothing is stuck: what is open goes on by itself.",
  },
} as const;

/** A page of a list; null: it is of a repository that the viewer may not read. */
export async function listPage(
  viewer: Viewer,
  list: ListFilter["list"],
  given: Record<string, string>,
  { db, web, now }: Reading,
): Promise<Html | null> {
  const query = queryOf(given);
  const [owner = "", repo = ""] = query.repository.split("/");
  const one = query.repository === "" ? null : readable(viewer, { owner, repo });
  if (query.repository !== "" && one === null) return null;
  const all = viewer.repositories;
  const { rows, more } = await listOverviews(
    db,
    {
      list,
      repositories: (one === null ? all : [one]).map(({ id }) => id),
      kind: query.kind === "" ? undefined : query.kind,
      state: query.state === "" ? undefined : query.state,
      who: query.who === "" ? undefined : query.who,
    },
    query.page,
  );
  const names = new Map(all.map(({ id, name }) => [id, name]));
  const shared = { rows, more, names, web, now: now() };
  if (list === "all") {
    if (one === null) return null;
    const head = await headOf(db, one.id);
    const content = repositoryContent(one.name, head, { ...shared, query: { ...query, repository: "" } });
    return page({ title: one.name, at: "/repositories", viewer }, content);
  }
  const { path, title, lead, caption, empty } = lists[list];
  const content = html`<h1>${title}</h1><p class="lead">${lead}</p>
${listContent({ ...shared, path, query, repositories: all, caption, empty })}`;
  return page({ title, at: path, viewer }, content);
}

/** The page of one repository: where its ledger stands, and all that was decided there. */
function repositoryContent(
  name: string,
  head: { seq: number; hash: string } | null,
  list: Pick<ListPage, "rows" | "more" | "names" | "web" | "now" | "query">,
): Html {
  const places = placesOf(list.web, name);
  const caption = "Its stories and pull requests, newest first";
  const empty = "Nothing was decided here yet.";
  return html`<p class="crumbs"><a href="/repositories">Repositories</a></p><h1>${name}</h1>
<ul class="tabs"><li><a href="${places.github}">On GitHub</a></li><li><a href="/?repository=${encodeURIComponent(name)}">Inbox</a></li>
<li><a href="/stuck?repository=${encodeURIComponent(name)}">Stuck</a></li><li><a href="${places.repository}/gates">Gates</a></li></ul>
<p class="quiet">${head === null ? "Its ledger is empty." : html`Its ledger has ${head.seq} entries; head <a href="${places.entry(head.seq)}"><code>${head.seq}:${head.hash}</code></a>`}</p>
${listContent({ ...list, path: places.repository, repositories: [], caption, empty })}`;
}

/** The most pages of a list that an address can ask for: a later one costs the database all before it. */
const maxPage = 1_000;

function queryOf({ repository = "", kind, state = "", who = "", page: at = "1" }: Record<string, string>): ListQuery {
  return {
    repository,
    kind: kind === "issue" || kind === "pull" ? kind : "",
    state: withoutZeros(state).slice(0, 40),
    who: withoutZeros(who).trim().slice(0, 100),
    page: /^[1-9][0-9]{0,3}$/.test(at) ? Math.min(Number(at), maxPage) : 1,
  };
}

/** A text as the database can hold it: PostgreSQL's has no zero bytes. */
function withoutZeros(text: string): string {
  return text.replaceAll("\0", "");
}

/** The repositories that the viewer may read. */
export async function repositoriesPage(viewer: Viewer, { db, web }: Reading): Promise<Html> {
  const { repositories } = viewer;
  const counts = await countOverviews(
    db,
    repositories.map(({ id }) => id),
  );
  return page({ title: "Repositories", at: "/repositories", viewer }, repositoriesContent(repositories, counts, web));
}

/** The verdict on a pull request; null: there is nothing of it. */
export async function pullPage({ viewer, repository, number }: Shown, { db, web }: Reading): Promise<Html | null> {
  const overview = await getOverview(db, repository.id, "pull", number);
  const entries = await entriesAbout(db, repository.id, [number]);
  const given = entriesOf(entries, "verdict.given").filter(({ body }) => body.pull === number);
  if (overview === null && given.length === 0) return null;
  const last = given.at(-1);
  const content = verdictContent(
    {
      repository: repository.name,
      number,
      title: overview?.title ?? "Pull request",
      state: overview?.state ?? last?.body.conclusion ?? "pending",
      since: overview?.since ?? null,
      story: storyOf(entries, number) ?? null,
      shown: shownVerdict(overview, given),
    },
    placesOf(web, repository.name),
  );
  return page({ title: `#${number} ${overview?.title ?? ""}`, viewer }, content);
}

type Given = Extract<TypedEntry, { kind: "verdict.given" }>;

function shownVerdict(overview: OverviewRow | null, given: readonly Given[]): ShownVerdict | null {
  const last = given.at(-1);
  const history = given
    .toReversed()
    .map(({ seq, at, body }) => ({ seq, at, head: body.head, conclusion: body.conclusion }));
  const text = overview?.verdict ?? null;
  if (text === null) {
    if (last === undefined) return null;
    const { seq, at, body } = last;
    return { verdict: fromEntry(body), isWhole: false, entry: { seq, at }, digest: body.verdictSha256, history };
  }
  const digest = sha256(text);
  const entry = given.findLast(({ body }) => body.verdictSha256 === digest);
  return {
    verdict: Verdict.parse(JSON.parse(text)),
    isWhole: true,
    entry: entry === undefined ? null : { seq: entry.seq, at: entry.at },
    digest,
    history,
  };
}

/** What the ledger holds of a verdict: its results without their reasons. */
function fromEntry({ conclusion, base, head, policy = null, gates }: EntryBody<"verdict.given">): Verdict {
  const results = Object.entries(gates).map(([gate, status]) => ({ gate, status, reasons: [] }));
  return { conclusion, base, head, policy, engine: "of that time", gates: results, deferred: [] };
}

/** The evidence of a pull request; null: there is nothing of it. */
export async function evidencePage({ viewer, repository, number }: Shown, reading: Reading): Promise<Html | null> {
  const { db, web } = reading;
  const pull = number;
  const own = await entriesAbout(db, repository.id, [pull]);
  if (own.length === 0) return null;
  const entries = await entriesAbout(db, repository.id, [pull, ...own.flatMap(numbersOf)]);
  const head = await headOf(db, repository.id);
  const content = evidenceContent({
    repository: repository.name,
    pull,
    entries,
    head: head === null ? null : `${head.seq}:${head.hash}`,
    places: placesOf(web, repository.name),
  });
  return page({ title: `Evidence of #${pull}`, viewer }, content);
}

/** A story; null: there is nothing of it. */
export async function storyPage({ viewer, repository, number }: Shown, { db, web }: Reading): Promise<Html | null> {
  const overview = await getOverview(db, repository.id, "issue", number);
  const own = await entriesAbout(db, repository.id, [number]);
  if (overview === null && own.length === 0) return null;
  const entries = await entriesAbout(db, repository.id, [
    number,
    ...own.flatMap((entry) => numbersUnder(number, entry)),
  ]);
  const content = storyContent(
    { repository: repository.name, number, overview, entries },
    placesOf(web, repository.name),
  );
  return page({ title: `#${number} ${overview?.title ?? ""}`, viewer }, content);
}

/** One entry of a ledger; null: there is none. */
export async function entryPage({ viewer, repository, number }: Shown, { db, web }: Reading): Promise<Html | null> {
  const entry = await entryAt(db, repository.id, number);
  if (entry === null) return null;
  const content = entryContent(repository.name, entry, placesOf(web, repository.name));
  return page({ title: `Entry ${entry.seq} of ${repository.name}`, viewer }, content);
}
