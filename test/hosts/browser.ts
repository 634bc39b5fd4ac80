/** A real browser on the pages: what it complains of, what axe-core finds, and what it looks like. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
// biome-ignore lint/correctness/noUnresolvedImports: it exports what another file of its own holds, which Biome does not follow
import { chromium, type Page } from "playwright-core";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** The browser of this machine (`CHROMIUM` names another one); null: there is none. */
export const browserPath =
  [process.env.CHROMIUM ?? "", ...places].find((path) => path !== "" && existsSync(path)) ?? null;

if (browserPath === null)
  console.warn("\n!!! NO BROWSER: the pages are not looked at. Install Debian's `chromium`, or set CHROMIUM to one.\n");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How each page is looked at. */
const looks = [
  { name: "light", colorScheme: "light", width: 1200 },
  { name: "dark", colorScheme: "dark", width: 1200 },
  { name: "phone", colorScheme: "light", width: 375 },
] as const;

export type Eyes = {
  page: Page;
  complaints: string[];
  look(name: string): Promise<string[]>;
  close(): Promise<void>;
};

/**
 * Opens a browser. `look` gives what axe-core has against the page that is open, in light, dark and on a phone, and
 * whether anything is wider than the screen; it leaves a picture of each in the folder that `SCREENSHOTS` names, or in a
 * temporary one.
 */
export async function openEyes(): Promise<Eyes> {
  const browser = await chromium.launch({ executablePath: browserPath ?? "", args: ["--no-sandbox"] });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const folder = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), "screenshots-"));
  mkdirSync(folder, { recursive: true });
  return {
    page,
    complaints,
    async look(name) {
      const found: string[] = [];
      for (const { name: as, colorScheme, width } of looks) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.evaluate(axe);
        const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          "axe.run(document, { resultTypes: ['violations'] })",
        );
        for (const { id, nodes } of violations) found.push(`${name}, ${as}: ${id}: ${nodes[0]?.html ?? ""}`);
        const wide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        if (wide > 0) found.push(`${name}, ${as}: ${wide} pixels wider than the screen`);
        await page.screenshot({ path: join(folder, `${name}-${as}.png`), fullPage: true });
      }
      return found;
    },
    close: () => browser.close(),
  };
}
