import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { SallyportError } from "../../core/errors.ts";

const run = promisify(execFile);

/** The `PATH` for git, the only part of the environment that it gets. */
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";

/** Runs git as one of the demo's people, without the machine's own settings. */
export async function git(dir: string, args: string[], person = "lena"): Promise<string> {
  try {
    const { stdout } = await run(
      "git",
      ["-C", dir, "-c", `user.name=${person}`, "-c", `user.email=${person}@example.com`, ...args],
      {
        env: { PATH: searchPath, HOME: dir, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout.trim();
  } catch (error) {
    const stderr =
      typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new SallyportError("bad-input", `git ${args[0]}: ${stderr}`, { cause: error });
  }
}

/** The policy of the demo's repository, as a maintainer would write it, with the key that signs its ledger. */
export function demoPolicy(publicKey: string, more = ""): string {
  return `version: 1
extends: default

people:
  planners:  ["@lena"]
  executors: ["@lena"]
  approvers: ["@acme/qa", "@lena"]

roles:
  demo: { allow: ["sallyport-demo/**"] }

tiers:
  light: { role: demo, files: 3, lines: 40 }

gates:
  forbidden-paths: { deny: ["governance/**"] }
  diff-size:       { files: 20, lines: 400, bytes: 100KB }
  manual-test:     { when: { risk: [high, critical] } }
  evidence:        { files: ["sallyport-demo/evidence/**"] }

ledger:
  keys: [{ key: "${publicKey}" }]
${more}`;
}

const decision = `# Decision 1: a place for the demo

The demo's agents work below \`sallyport-demo/\` and nowhere else.
`;

/**
 * Clones any local repository and commits the policy on top of its history, as a maintainer who installs Sallyport
 * would, with `more` at its end. Returns the clone and the name of its default branch.
 */
export async function prepareGoverned(
  source: string,
  dir: string,
  publicKey: string,
  more = "",
): Promise<{ path: string; branch: string; commits: number }> {
  const path = join(dir, "governed");
  await mkdir(dir, { recursive: true });
  await git(dir, ["clone", "--quiet", "--no-hardlinks", "--", source, path]);
  let branch = await git(path, ["rev-parse", "--abbrev-ref", "HEAD"]);
  if (branch === "HEAD") {
    // A checkout of a single commit has no branch; the demo creates one.
    branch = "main";
    await git(path, ["checkout", "--quiet", "-B", branch]);
  }
  const files: Record<string, string> = {
    ".github/sallyport.yml": demoPolicy(publicKey, more),
    "docs/decisions/sallyport-demo.md": decision,
    "governance/README.md": "# Governance\n\nNobody changes this folder through a pull request.\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  await git(path, ["add", "--force", "--", ...Object.keys(files)]);
  await git(path, ["commit", "--quiet", "--message", "Install Sallyport: its policy and the decision behind it"]);
  return { path, branch, commits: Number(await git(path, ["rev-list", "--count", "HEAD"])) };
}

/** The people of the demo and their tokens on the sandbox. */
export const people = {
  lena: { login: "lena", token: "ghp_demo-token-of-lena-0000000000000001" },
  quinn: { login: "quinn", token: "ghp_demo-token-of-quinn-000000000000002" },
  max: { login: "max", token: "ghp_demo-token-of-max-00000000000000003" },
} as const;
export type Person = keyof typeof people;

/** The sandbox's seed: the people, the App, and the repository with branch protection that requires our check. */
export function demoSeed(options: {
  path: string;
  branch: string;
  privateKeyFile: string;
  webhook: { url: string; secret: string };
}): object {
  return {
    users: Object.values(people),
    organizations: [{ login: "acme", members: Object.keys(people), teams: [{ slug: "qa", members: ["quinn"] }] }],
    apps: [
      {
        slug: "sallyport",
        name: "Sallyport",
        id: 4001,
        private_key_file: options.privateKeyFile,
        webhook: options.webhook,
        permissions: {
          contents: "write",
          issues: "write",
          pull_requests: "write",
          checks: "write",
          statuses: "write",
          members: "read",
          actions: "read",
          metadata: "read",
          merge_queues: "read",
        },
        events: [
          "check_run",
          "issue_comment",
          "issues",
          "merge_group",
          "pull_request",
          "pull_request_review",
          "push",
          "status",
          "sub_issues",
        ],
      },
    ],
    repositories: [
      {
        full_name: "acme/governed",
        path: options.path,
        default_branch: options.branch,
        collaborators: { lena: "admin", quinn: "write", max: "write" },
        installed: ["sallyport"],
        protection: [
          { branch: options.branch, checks: [{ context: "sallyport", app: "sallyport" }], enforce_admins: true },
        ],
        ci: [
          {
            name: "test",
            conclusion: "success",
            fails_on: { path: "sallyport-demo", text: "FIXME" },
            delay_ms: 50,
          },
        ],
      },
    ],
  };
}

/** The story's text in the form's layout; any other text becomes its description. */
export function storyBody(epic: number, text: string | null): string {
  if (text !== null && /^### acceptance criteria\s*$/im.test(text)) return text;
  const description =
    text ?? "Visitors of the project want to be greeted by name, by a small module with a test and a page to try it.";
  const sections = {
    Epic: `#${epic}`,
    Description: description.replace(/^###/gm, "####"),
    "Acceptance criteria": "- A greeting can be made for any name.\n- It has a test.\n- It can be tried by hand.",
    Risk: "high",
    Decisions: "docs/decisions/sallyport-demo.md",
    "Manual test": "yes",
  };
  return Object.entries(sections)
    .map(([label, value]) => `### ${label}\n\n${value}`)
    .join("\n\n");
}
