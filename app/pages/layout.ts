import { html } from "hono/html";
import { visible } from "../../core/escape.ts";
import type { Attempt } from "../../schemas/step.ts";
import type { Viewer } from "./viewer.ts";

/** A piece of a page. The tag `html` escapes every text that is put into it. */
export type Html = ReturnType<typeof html>;

/** Where things are on GitHub: the address of its web pages. */
export type Web = string;

/** What stands around a page. `at` is the path of the navigation's current entry; `isLive`: a part is read again. */
export type Frame = { title: string; at?: string; viewer?: Viewer | undefined; isLive?: true };

const entries = [
  { path: "/", name: "Inbox" },
  { path: "/stuck", name: "Stuck" },
  { path: "/repositories", name: "Repositories" },
  { path: "/health", name: "Health" },
];

/** A whole page. All that it loads comes from this host; only a live one has a script. */
export function page({ title, at, viewer, isLive }: Frame, content: Html): Html {
  const person = viewer?.login ?? null;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown(title)} · Sallyport</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${isLive === undefined ? "" : html`<script src="/htmx.js" defer></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><div class="bar">
<a class="brand" href="/"><img src="/icon.svg" alt="">Sallyport</a>
${
  viewer === undefined
    ? ""
    : html`<nav aria-label="Pages"><ul>${entries.map(
        ({ path, name }) =>
          html`<li><a href="${path}"${path === at ? html` aria-current="page"` : ""}>${name}</a></li>`,
      )}</ul></nav>
<span class="who">${person === null ? "open on this machine" : html`@${person} · <a href="/sign-out">Sign out</a>`}</span>`
}
</div></header>
<main id="content" tabindex="-1">
${content}
</main>
<footer>These pages show what was recorded. To look decides nothing and asks GitHub nothing about a change.</footer>
</body>
</html>`;
}

/** A page of one message, for what cannot be shown. */
export function notice(viewer: Viewer | undefined, title: string, text: string, next: Html | string = ""): Html {
  return page({ title, viewer }, html`<h1>${title}</h1><p class="lead">${text}</p>${next}`);
}

/** A text of people or models, without characters that hide or turn other text. */
export function shown(text: string): string {
  return visible(text);
}

/** A sentence of ours with what it quotes: names between backticks, commits and digests are set as code. */
export function prose(text: string): Html {
  const parts = shown(text).split(/`([^`\n]+)`|\b([0-9a-f]{64}|[0-9a-f]{40})\b/);
  // Three of them at a time: the text before, and one of the two that were found.
  return html`${parts.map((part, index) => (index % 3 === 0 || part === undefined ? part : html`<code>${part}</code>`))}`;
}

/** A time, as a machine and a person read it. */
export function time(moment: Date | string): Html {
  const iso = (typeof moment === "string" ? new Date(moment) : moment).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** How long ago, in the largest unit that fits. */
export function age(since: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}

const tones: Readonly<Record<string, "good" | "bad" | "wait">> = {
  success: "good",
  pass: "good",
  complete: "good",
  merged: "good",
  accepted: "good",
  well: "good",
  failure: "bad",
  fail: "bad",
  failed: "bad",
  blocked: "bad",
  refused: "bad",
  stopped: "bad",
  "given-up": "bad",
  pending: "wait",
  unknown: "wait",
  "needs-approval": "wait",
  "needs-answer": "wait",
  "needs-sign-off": "wait",
  "needs-review": "wait",
  manual_test: "wait",
  "at work": "wait",
  answered: "wait",
  waits: "wait",
  late: "wait",
};

const words: Readonly<Record<string, string>> = {
  success: "passes",
  failure: "fails",
  pending: "waits",
  pass: "passes",
  fail: "fails",
  unknown: "could not be read",
  "not-applicable": "does not apply",
};

/** A state in words; every page and its filter say the same. */
export function stateWords(state: string): string {
  return words[state] ?? state.replaceAll(/[_-]/g, " ");
}

/** A state in words, with its colour; the words alone tell it. */
export function badge(state: string): Html {
  return html`<span class="badge ${tones[state] ?? ""}">${stateWords(state)}</span>`;
}

/** The class of a card by the state of what it is about. */
export function toneOf(state: string): string {
  return tones[state] === undefined ? "" : `is-${tones[state]}`;
}

/** The next step: a command to paste, or a sentence. */
export function nextStep(step: string, who: string): Html | string {
  if (step === "") return "";
  const by = who === "" ? "" : html` <span class="quiet">by</span> ${shown(who)}`;
  return step.startsWith("/")
    ? html`<p><strong>Next</strong>${by}, as a comment:</p><pre>${shown(step)}</pre>`
    : html`<p><strong>Next:</strong> ${shown(step)}${by}</p>`;
}

/** The first characters of a digest or commit; the whole of it is shown to whoever points at it. */
export function short(digest: string): Html {
  return html`<code title="${digest}">${digest.slice(0, 10)}</code>`;
}

/** Where the pages and GitHub have something of a repository. */
export function placesOf(web: Web, name: string) {
  const path = name.split("/").map(encodeURIComponent).join("/");
  const ours = `/repositories/${path}`;
  return {
    repository: ours,
    pull: (number: number) => `${ours}/pulls/${number}`,
    evidence: (number: number) => `${ours}/pulls/${number}/evidence`,
    story: (number: number) => `${ours}/stories/${number}`,
    entry: (seq: number) => `${ours}/entries/${seq}`,
    attempt: (prompt: number, { r, s }: Attempt) => `${ours}/prompts/${prompt}/R${r}S${s}`,
    stop: (story: number) => `${ours}/stories/${story}/stop`,
    github: `${web}/${path}`,
    /** GitHub leads from here to a pull request where the number is one's. */
    issueAtGitHub: (number: number) => `${web}/${path}/issues/${number}`,
    commitAtGitHub: (sha: string) => `${web}/${path}/commit/${sha}`,
    lineAtGitHub: (ref: string, file: string, line: number) => `${web}/${path}/blob/${ref}/${file}#L${line}`,
  };
}

export type Places = ReturnType<typeof placesOf>;
