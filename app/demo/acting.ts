import { Octokit } from "@octokit/core";
import { SallyportError } from "../../core/errors.ts";
import { type RepositoryRequest, requestIn } from "../github/requests.ts";
import { type Person, people } from "./governed.ts";

/** A person at work on GitHub: the demo's people act with their own token and nothing else. */
export type PersonClient = {
  openIssue(title: string, body: string, labels: string[]): Promise<number>;
  label(issue: number, label: string): Promise<void>;
  comment(issue: number, body: string): Promise<void>;
  merge(pull: number, sha: string): Promise<{ ok: true; sha: string } | { ok: false; status: number; message: string }>;
  openPull(branch: string, base: string, title: string): Promise<number>;
  /** Reviews a head, with comments at lines of it. */
  review(
    pull: number,
    sha: string,
    event: "APPROVE" | "REQUEST_CHANGES",
    lines?: { path: string; line: number; body: string }[],
  ): Promise<void>;
};

/** The public view of a repository; the demo waits on it. */
export type RepositoryReader = {
  issue(number: number): Promise<{ state: string; labels: string[]; title: string }>;
  comments(number: number): Promise<string[]>;
  children(number: number): Promise<{ number: number; title: string; state: string }[]>;
  /** The answers in a pull request's review threads. */
  replies(pull: number): Promise<string[]>;
  openPulls(): Promise<{ number: number; title: string; body: string; branch: string; sha: string }[]>;
  checks(sha: string): Promise<
    {
      name: string;
      status: string;
      conclusion: string | null;
      title: string;
      summary: string;
      externalId: string;
      text: string;
    }[]
  >;
};

function requestAs(apiUrl: string, person: Person): RepositoryRequest {
  const { request } = new Octokit({ baseUrl: apiUrl, auth: people[person].token });
  return requestIn({ request, owner: "acme", repo: "governed" });
}

/** A client for one of the demo's people. */
export function clientFor(apiUrl: string, person: Person): PersonClient {
  const request = requestAs(apiUrl, person);
  return {
    async openIssue(title, body, labels) {
      const { data } = await request("POST /repos/{owner}/{repo}/issues", { title, body, labels });
      return data.number;
    },
    async label(issue, label) {
      await request("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
        issue_number: issue,
        labels: [label],
      });
    },
    async comment(issue, body) {
      await request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", { issue_number: issue, body });
    },
    async merge(pull, sha) {
      try {
        const { data } = await request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
          pull_number: pull,
          sha,
        });
        return { ok: true, sha: data.sha };
      } catch (error) {
        if (error instanceof Error && "status" in error && typeof error.status === "number") {
          return { ok: false, status: error.status, message: error.message.split(" - ")[0] ?? "" };
        }
        throw error;
      }
    },
    async review(pull_number, commit_id, event, lines = []) {
      const route = "/repos/{owner}/{repo}/pulls/{pull_number}";
      for (const line of lines) await request(`POST ${route}/comments`, { pull_number, commit_id, ...line });
      const body = event === "APPROVE" ? "" : "See the comment.";
      await request(`POST ${route}/reviews`, { pull_number, commit_id, event, body });
    },
    async openPull(branch, base, title) {
      const { data } = await request("POST /repos/{owner}/{repo}/pulls", { head: branch, base, title });
      return data.number;
    },
  };
}

/** A read-only client for one of the demo's people. */
export function readerFor(apiUrl: string, person: Person): RepositoryReader {
  const request = requestAs(apiUrl, person);
  return {
    async issue(number) {
      const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}", { issue_number: number });
      return {
        state: data.state,
        title: data.title,
        labels: data.labels.flatMap((label) => (typeof label === "string" ? label : (label.name ?? []))),
      };
    },
    async comments(number) {
      const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        issue_number: number,
        per_page: 100,
      });
      return data.map((comment) => comment.body ?? "");
    },
    async children(number) {
      const { data } = await request("GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues", {
        issue_number: number,
        per_page: 100,
      });
      return data.map(({ number: child, title, state }) => ({ number: child, title, state }));
    },
    async replies(pull_number) {
      const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}/comments";
      const { data } = await request(route, { pull_number });
      return data.flatMap(({ in_reply_to_id, body }) => (in_reply_to_id === undefined ? [] : [body]));
    },
    async openPulls() {
      const { data } = await request("GET /repos/{owner}/{repo}/pulls", { state: "open" });
      return data.map(({ number, title, body, head }) => ({
        ...{ number, title, body: body ?? "", branch: head.ref, sha: head.sha },
      }));
    },
    async checks(sha) {
      const { data } = await request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", { ref: sha, per_page: 100 });
      return data.check_runs.map(({ name, status, conclusion, output, external_id: externalId }) => ({
        name,
        status,
        conclusion,
        title: output.title ?? "",
        summary: output.summary ?? "",
        text: output.text ?? "",
        externalId: externalId ?? "",
      }));
    },
  };
}

/** Polls until there is an answer; an error names what the demo waited for. */
export async function waitFor<T>(
  what: string,
  poll: () => Promise<T | null | undefined | false>,
  seconds = 40,
): Promise<T> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await poll();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new SallyportError("not-found", `waited ${seconds} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
