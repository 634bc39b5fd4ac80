import { serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort } from "../../../app/demo/hosts.ts";
import { pagesApp } from "../../../app/pages/pages.ts";
import { openPageStore, putAll, waiting } from "../../builders/page-store.ts";
import { browserPath, openEyes } from "../../hosts/browser.ts";

/** The longest names that GitHub takes, a word without end, text that is written from right to left, and a picture. */
const name = `${"organization-".repeat(3)}/${"a-repository-of-a-long-name".repeat(3)}`.slice(0, 140);
const title = `${"LongWordWithoutEnd".repeat(12)} שלום עולם, זה מבחן (1) של כותרת مرحبا بالعالم 👩‍👩‍👧 #7`;
let at: string;
let server: ReturnType<typeof serve>;
let store: Awaited<ReturnType<typeof openPageStore>>;
beforeAll(async () => {
  store = await openPageStore(title);
  const rows = Array.from({ length: 60 }, (_, index) => ({
    kind: "issue" as const,
    number: 100_000_000 + index,
    ...{ ...waiting, title, who: title, blocks: title },
  }));
  await putAll(store.db, rows, 7);
  const port = await freePort();
  at = `http://127.0.0.1:${port}`;
  const others = Array.from({ length: 30 }, (_, index) => ({ id: 1_000 + index, name: `${name}-${index}` }));
  const github = { namedRepositories: async () => [{ id: 7, name }, ...others] };
  const config = { pages: { for: "this-machine" as const }, apiUrl: "https://api.github.com", publicUrl: null };
  const app = pagesApp(config, { db: store.db, github, log: console.error });
  server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
}, 30_000);
afterAll(async () => {
  server.close();
  await store.close();
});

(browserPath === null ? test.skip : test)(
  "every page fits every screen, whatever names and texts it has",
  async () => {
    const eyes = await openEyes();
    const ours = `/repositories/${name}`;
    const parts = [
      "",
      "/gates",
      "/pulls/11",
      "/pulls/12",
      "/pulls/11/evidence",
      "/stories/2",
      "/stories/5",
      "/entries/3",
    ];
    try {
      const paths = [
        "/",
        "/?page=2",
        "/stuck",
        "/repositories",
        "/health",
        ...[...parts, "/prompts/3/R0S0"].map((one) => ours + one),
      ];
      for (const [index, path] of paths.entries()) {
        await eyes.page.goto(`${at}${path}`);
        expect([path, await eyes.look(`names-${index}`)]).toEqual([path, []]);
      }
      // Behind a title that is written from right to left a number is still read from left to right: #12, not 12#.
      await eyes.page.goto(`${at}${ours}/pulls/12`);
      const places = await eyes.page.evaluate<number[]>(`(() => {
        const text = document.querySelector("h1 .number").firstChild;
        return [0, 1, 2].map((at) => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          return range.getBoundingClientRect().left;
        });
      })()`);
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(eyes.complaints).toEqual([]);
    } finally {
      await eyes.close();
    }
  },
  180_000,
);
