/** How long the service takes for each page, with 10,000 stories in the store, and what it asks GitHub meanwhile. */
import { sql } from "kysely";
import { pagesApp } from "../app/pages/pages.ts";
import { effectKey } from "../core/identifiers.ts";
import { indexVersion } from "../core/record/keys.ts";
import { openPageStore, putSteps, web } from "../test/builders/page-store.ts";
import { atMost, printTable, type Row } from "./table.ts";

const stories = 10_000;
const bound = 100;
const rounds = 15;

const store = await openPageStore("A change");
const { db, lines } = store;
// Each story with its pull request; a tenth of them wait for somebody. Its entries are those of the one in the builder.
await sql`insert into overviews (repository, kind, number, title, state, needs, blocks, step, who, open, since)
  select ${web.id}::bigint, kind, 100 + g * 2 + offset_, 'Story ' || g, 'pending', case when g % 10 = 0 then 'needs-approval' end,
    'The plan waits for approval.', case when g % 10 < 3 then '/approve ' || repeat('a', 64) else '' end, '@quinn', g % 3 = 0,
    now() - g * interval '1 minute'
  from generate_series(1, ${stories}::int) g, (values ('issue', 0), ('pull', 1)) kinds(kind, offset_)`.execute(db);
const perStory = lines.length;
await sql`insert into entries (repository, seq, hash, kind, line)
  select ${web.id}::bigint, ${perStory}::int + g, 'h' || g, kind, line
  from generate_series(1, ${stories * 10}::int) g join entries e on e.seq = 1 + g % ${perStory}::int`.execute(db);
await sql`insert into entry_keys (repository, key, seq)
  select ${web.id}::bigint, '#' || (100 + (g / 10) * 2), ${perStory}::int + g from generate_series(1, ${stories * 10}::int) g`.execute(
  db,
);
const all = perStory + stories * 10;
await sql`update chains set seq = ${all}, indexed = ${all}, index_version = ${indexVersion}`.execute(db);
await sql`insert into deliveries (guid, event, received_at)
  select g::text, 'push', now() - g * interval '1 second' from generate_series(1, 100000) g`.execute(db);
await sql`insert into effects (key, repository, subject, lane, type, payload, status)
  select 'check/7/' || g, ${web.id}::bigint, 'pull/7/' || g, 'github/7', 'ensure-check', '{}', 'done'
  from generate_series(1, 100000) g`.execute(db);
await putSteps(db, effectKey.agent(web.id, { run: "run-2-1", prompt: 3, attempt: { r: 0, s: 1 } }), "a");
await sql`analyze`.execute(db);

let asked = 0;
globalThis.fetch = () => {
  asked += 1;
  throw new Error("a page asked GitHub");
};
let rights = 0;
const github = {
  namedRepositories: async () => {
    rights += 1;
    return [web];
  },
};
const config = { pages: { for: "this-machine" as const }, apiUrl: "https://api.github.com", publicUrl: null };
const app = pagesApp(config, { db, github, log: console.error });

async function timeOf(path: string): Promise<number> {
  const began = performance.now();
  const response = await app.request(path, { headers: { host: "127.0.0.1:3000" } });
  await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  return performance.now() - began;
}

const rows: Row[] = [];
rows.push(atMost("the first page, asked for the first time", await timeOf("/"), bound, "ms"));
const paths = {
  inbox: "/",
  "inbox, page 20": "/?page=20",
  stuck: "/stuck",
  "stuck, of one person": "/stuck?who=quinn",
  repositories: "/repositories",
  repository: "/repositories/acme/web",
  gates: "/repositories/acme/web/gates",
  verdict: "/repositories/acme/web/pulls/12",
  evidence: "/repositories/acme/web/pulls/11/evidence",
  story: "/repositories/acme/web/stories/2",
  attempt: "/repositories/acme/web/prompts/3/R0S1",
  entry: "/repositories/acme/web/entries/3",
  health: "/health",
};
for (const [name, path] of Object.entries(paths)) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timeOf(path));
  rows.push(
    atMost(name, times.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN, bound, "ms"),
  );
}
rows.push(atMost("requests to GitHub", asked, 0, ""));
rows.push(atMost("questions which repositories there are, in five minutes", rights, 1, ""));
const isHeld = printTable(`Pages, with ${stories} stories and ${perStory + stories * 10} entries`, rows);
await store.close();
process.exitCode = isHeld ? 0 : 1;
