/**
 * A small view of a repository for people in a browser, at GitHub's own addresses: its issues and pull requests, their
 * checks and comments, a commit, a file at a commit. One may comment, label and merge as anybody; that goes through REST with the person's token.
 */
import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { git } from "../git/git.ts";
import { issuePage } from "../present/issues.ts";
import type { State } from "../state/memory.ts";
import type { Issue, Repository } from "../state/model.ts";
import { findIssue, findRepository, fullName } from "../state/state.ts";

type Html = ReturnType<typeof html>;

const style = `:root{color-scheme:light dark;background:Canvas;color:CanvasText}body{background:Canvas;font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:1.5rem auto;padding:0 1rem;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;border-radius:6px;padding:.6rem .8rem;font:13px/1.5 ui-monospace,monospace}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}form{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0}
textarea{width:100%;box-sizing:border-box;min-height:4rem}textarea,button,select,input{font:inherit}.quiet{opacity:.75}`;

export function viewer(state: State, rest: { request(path: string, init: RequestInit): Response | Promise<Response> }) {
  const pages = new Hono();
  const repositoryOf = (context: Context) =>
    findRepository(state, context.req.param("owner"), context.req.param("repo"));
  const issueOf = (context: Context) => {
    const repository = repositoryOf(context);
    return repository === undefined ? undefined : findIssue(repository, context.req.param("number"));
  };
  pages.get("/:owner/:repo", (context, next) => {
    const repository = repositoryOf(context);
    return repository === undefined ? next() : context.html(listScreen(repository));
  });
  const commitPath = "/:owner/:repo/commit/:sha{[0-9a-f]{40}}";
  pages.get(commitPath, async (context, next) => {
    const [repository, sha] = [repositoryOf(context), context.req.param("sha")];
    const text = repository && (await textOf(repository, ["show", "--no-color", "--stat", "--patch", sha]));
    return text === undefined ? next() : context.html(screen(sha, html`<h1>Commit ${sha}</h1><pre>${text}</pre>`));
  });
  pages.get("/:owner/:repo/blob/:sha{[0-9a-f]{40}}/:path{.+}", async (context, next) => {
    const [repository, sha, path] = [repositoryOf(context), context.req.param("sha"), context.req.param("path")];
    const text = repository && (await textOf(repository, ["cat-file", "blob", `${sha}:${path}`]));
    return text === undefined ? next() : context.html(fileScreen(path, sha, text));
  });
  for (const kind of ["issues", "pull"]) {
    const path = `/:owner/:repo/${kind}/:number{[0-9]+}`;
    pages.get(path, (context, next) => {
      const issue = issueOf(context);
      return issue === undefined ? next() : context.html(issueScreen(state, issue));
    });
    pages.post(path, async (context, next) => {
      const issue = issueOf(context);
      if (issue === undefined) return next();
      const form = await context.req.parseBody();
      const token = state.tokens.find((one) => one.kind === "user" && one.user.login === form.as)?.token;
      const [method, at, body] = writeOf(issue, form);
      const answer = await rest.request(`/repos/${fullName(issue.repository)}/${at}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (answer.ok) return context.redirect(issuePage(issue), 303);
      return context.html(screen("Refused", html`<h1>Refused</h1><pre>${await answer.text()}</pre>`), 400);
    });
  }
  return pages;
}

/** What git prints of an object; undefined: there is none. */
async function textOf({ dir }: Repository, args: readonly string[]): Promise<string | undefined> {
  const { exit, stdout } = await git(dir, args);
  return exit === 0 ? stdout.toString("utf8") : undefined;
}

type Form = Record<string, unknown>;

/** What a form asks of REST. */
function writeOf({ number }: Issue, { comment, label, merge }: Form): [method: string, path: string, body: object] {
  if (merge !== undefined) return ["PUT", `pulls/${number}/merge`, {}];
  if (label !== undefined) return ["POST", `issues/${number}/labels`, { labels: [label] }];
  return ["POST", `issues/${number}/comments`, { body: comment }];
}

function screen(title: string, body: Html): Html {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><link rel="icon" href="data:,"><style>${style}</style></head><body><main>${body}</main></body></html>`;
}

/** A file with its lines numbered, so that an address can lead to one. */
function fileScreen(path: string, sha: string, text: string): Html {
  const lines = text.replace(/\n$/, "").split("\n");
  const numbered = lines.map((line, index) => html`<span id="L${index + 1}">${index + 1}  ${line}</span>\n`);
  return screen(path, html`<h1>${path}</h1><p class="quiet">at ${sha}</p><pre>${numbered}</pre>`);
}

function listScreen(repository: Repository): Html {
  const item = (issue: Issue) =>
    html`<li><a href="${issuePage(issue)}">#${issue.number} ${issue.title}</a> <span class="quiet">${standing(issue)}</span></li>`;
  const part = (title: string, issues: Issue[]) => html`<h2>${title}</h2><ul>${issues.toReversed().map(item)}</ul>`;
  const { issues } = repository;
  return screen(
    fullName(repository),
    html`<h1>${fullName(repository)}</h1>${part(
      "Pull requests",
      issues.filter(({ pull }) => pull !== null),
    )}${part(
      "Issues",
      issues.filter(({ pull }) => pull === null),
    )}`,
  );
}

function standing({ state, pull, labels }: Issue): string {
  const merged = pull !== null && pull.mergedAt !== null ? "merged" : state;
  return [merged, ...labels.map(({ name }) => name)].join(", ");
}

function issueScreen(state: State, issue: Issue): Html {
  const { repository, number, title, body, user, comments, pull } = issue;
  const people = state.accounts.filter(({ type, login }) => type === "User" && login !== "ghost");
  const as = html`<select name="as" aria-label="As">${people.map(({ login }) => html`<option>${login}</option>`)}</select>`;
  const runs = pull === null ? [] : repository.runs.filter(({ suite }) => suite.headSha === pull.head.sha);
  return screen(
    `${title} · #${number}`,
    html`<p><a href="/${fullName(repository)}">${fullName(repository)}</a></p><h1>${title} <span class="quiet">#${number}</span></h1>
<p class="quiet">${standing(issue)} · by ${user.login}${pull === null ? "" : ` · ${pull.head.ref} at ${pull.head.sha}`}</p>
<pre>${body ?? ""}</pre>
${
  runs.length === 0
    ? ""
    : html`<h2>Checks</h2>${runs.map(
        ({
          name,
          status,
          conclusion,
          details_url,
          output,
        }) => html`<section id="check-${name}"><h3>${name}: ${conclusion ?? status}</h3>
<p>${output.title ?? ""}${details_url === null ? "" : html` · <a href="${details_url}">Details</a>`}</p>${output.summary === null ? "" : html`<pre>${output.summary}</pre>`}</section>`,
      )}`
}
<h2>Comments</h2>${comments.map((one) => html`<p class="quiet">${one.user.login}</p><pre>${one.body}</pre>`)}
<form method="post"><textarea name="comment" aria-label="Comment" required></textarea>${as}<button>Comment</button></form>
<form method="post"><input name="label" aria-label="Label" placeholder="ai:plan" required>${as}<button>Add the label</button></form>
${pull === null ? "" : html`<form method="post">${as}<button name="merge" value="yes">Merge</button></form>`}`,
  );
}
