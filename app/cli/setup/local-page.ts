import { createServer, type ServerResponse } from "node:http";
import { html } from "hono/html";
import type { Known } from "../../../core/known.ts";
import { icon, style } from "../../pages/style.ts";
import type { AppManifest } from "./app-manifest.ts";

type Html = ReturnType<typeof html>;

/** What the page asks for, and what is done with the code that GitHub sends the browser back with. */
export type PageTools = {
  /** Comes back with the code; only whoever opened the page knows it. */
  state: string;
  /** Where the form goes, and what it holds, once the page's own address is known. */
  form(address: string): Promise<{ action: string; manifest: AppManifest }>;
  /** Makes use of the code; gives the address where the browser goes on. */
  redeem(code: string): Promise<Known<string>>;
};

/** A page on this machine: its address, whether it came to its end, and how to close it. */
export type LocalPage = { url: string; done: Promise<boolean>; close(): void };

/**
 * Serves the page with the one button, on loopback only, and takes GitHub's answer once. A request under another name
 * than this machine's is refused: another site may point its own name here.
 */
export async function openPage(port: number, { state, form, redeem }: PageTools): Promise<LocalPage> {
  let finish: (isDone: boolean) => void = () => undefined;
  const done = new Promise<boolean>((resolve) => {
    finish = resolve;
  });
  let isTaken = false;
  let url = "";
  const server = createServer(async (request, response) => {
    const asked = URL.canParse(request.url ?? "", url) ? new URL(request.url ?? "", url) : null;
    if (request.headers.host !== new URL(url).host || request.method !== "GET" || asked === null)
      return show(response, 404, "There is nothing here.");
    if (asked.pathname === "/style.css") return void response.writeHead(200, { "content-type": "text/css" }).end(style);
    if (asked.pathname === "/icon.svg")
      return void response.writeHead(200, { "content-type": "image/svg+xml" }).end(icon);
    if (asked.pathname === "/") {
      const { action, manifest } = await form(`${url}/created`);
      return show(response, 200, button(action, manifest));
    }
    const code = asked.searchParams.get("code") ?? "";
    if (asked.pathname !== "/created" || code === "") return show(response, 404, "There is nothing here.");
    if (asked.searchParams.get("state") !== state || isTaken)
      return show(response, 403, "This answer belongs to another setup. Begin at the address that the terminal shows.");
    isTaken = true;
    const next = await redeem(code);
    response.once("close", () => finish(next.known));
    if (next.known) response.writeHead(303, { location: next.value, connection: "close" }).end();
    else await show(response, 502, `The App was not set up: ${next.why}. The terminal says what to do.`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`;
  return {
    url,
    done,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function button(action: string, manifest: AppManifest): Html {
  return html`<h1>Create your GitHub App</h1>
<p class="lead">GitHub asks for a name, makes the App and sends you back here. Then you choose the repositories.</p>
<form method="post" action="${action}"><input type="hidden" name="manifest" value="${JSON.stringify(manifest)}">
<button class="first">Create the GitHub App</button></form>
<h2>What it may do there</h2>
<dl class="facts">${Object.entries(manifest.default_permissions).map(
    ([name, level]) => html`<dt>${name.replaceAll("_", " ")}</dt><dd>${level}</dd>`,
  )}</dl>
<p class="quiet">It cannot approve, merge or change branch protection: its client refuses to ask for it. Its keys stay on this machine.</p>`;
}

async function show(response: ServerResponse, status: number, body: Html | string): Promise<void> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport setup</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><div class="bar"><span class="brand"><img src="/icon.svg" alt="">Sallyport</span></div></header>
<main>${body}</main>
</body>
</html>`;
  response
    .writeHead(status, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      connection: "close",
    })
    .end(String(page));
}
