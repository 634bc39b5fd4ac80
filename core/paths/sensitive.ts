/**
 * A kind of file that steers tools, people or this check, and why agents may not touch it. `unread`: nor is it shown to
 * a planner, because it may hold a secret or is written to steer agents.
 */
export type Sensitive = { pattern: string; why: string; unread?: true };

/** The built-in list that `extends: default` adds: no agent may touch these files, whatever its role allows. */
export const sensitive: readonly Sensitive[] = [
  { pattern: ".github/workflows", why: "workflows run with the repository's secrets" },
  { pattern: ".github/actions", why: "actions run inside workflows" },
  { pattern: "**/action.yml", why: "it says what an action runs" },
  { pattern: "**/action.yaml", why: "it says what an action runs" },
  { pattern: ".github/sallyport.yml", why: "it is the policy" },
  { pattern: ".github/sallyport.yaml", why: "it could be taken for the policy" },
  { pattern: "CODEOWNERS", why: "it names who reviews" },
  { pattern: ".github/CODEOWNERS", why: "it names who reviews" },
  { pattern: "docs/CODEOWNERS", why: "it names who reviews" },
  { pattern: ".github/dependabot.yml", why: "it steers a bot that opens pull requests" },
  { pattern: ".github/dependabot.yaml", why: "it steers a bot that opens pull requests" },
  { pattern: ".github/ISSUE_TEMPLATE", why: "forms say what a story must tell" },
  { pattern: "**/.gitattributes", why: "it can hide changes from reviewers" },
  { pattern: "**/.gitmodules", why: "it brings in code from elsewhere" },
  { pattern: "**/.lfsconfig", why: "it says where large files come from" },
  { pattern: "**/AGENTS.md", why: "agents read it as instructions", unread: true },
  { pattern: "**/AGENTS.override.md", why: "agents read it as instructions", unread: true },
  { pattern: "**/CLAUDE.md", why: "agents read it as instructions", unread: true },
  { pattern: "**/CLAUDE.local.md", why: "agents read it as instructions", unread: true },
  { pattern: "**/GEMINI.md", why: "agents read it as instructions", unread: true },
  { pattern: "**/.mcp.json", why: "it names programs that agents start", unread: true },
  { pattern: "**/.claude/**", why: "it configures an agent", unread: true },
  { pattern: "**/.codex/**", why: "it configures an agent", unread: true },
  { pattern: "**/.cursor/**", why: "it configures an agent", unread: true },
  { pattern: "**/.cursorrules", why: "agents read it as instructions", unread: true },
  { pattern: "**/.gemini/**", why: "it configures an agent", unread: true },
  { pattern: "**/.opencode/**", why: "it configures an agent", unread: true },
  { pattern: "**/opencode.json", why: "it configures an agent", unread: true },
  { pattern: "**/opencode.jsonc", why: "it configures an agent", unread: true },
  { pattern: "**/.windsurfrules", why: "agents read it as instructions", unread: true },
  { pattern: ".github/copilot-instructions.md", why: "agents read it as instructions", unread: true },
  { pattern: ".github/instructions", why: "agents read it as instructions", unread: true },
  { pattern: ".github/prompts", why: "agents read it as instructions", unread: true },
  { pattern: "**/.husky/**", why: "hooks run on developers' machines" },
  { pattern: "**/.pre-commit-config.yaml", why: "hooks run on developers' machines" },
  { pattern: "**/.vscode/**", why: "editors run tasks from it" },
  { pattern: "**/.devcontainer/**", why: "it says what runs on developers' machines" },
  { pattern: "**/.envrc", why: "shells run it on entering the folder" },
  { pattern: "**/.npmrc", why: "it says where packages come from, and may hold a token", unread: true },
  { pattern: "**/.yarnrc*", why: "it says where packages come from, and may name a program to run" },
  { pattern: "**/.yarn/**", why: "the package manager runs it" },
  { pattern: "**/.pnpmfile.cjs", why: "the package manager runs it" },
  { pattern: "**/bunfig.toml", why: "it says where packages come from" },
  { pattern: "**/.env", why: "it may hold secrets", unread: true },
  { pattern: "**/.env.*", why: "it may hold secrets", unread: true },
  { pattern: "**/.netrc", why: "it may hold secrets", unread: true },
  { pattern: "**/*.pem", why: "it may hold a private key", unread: true },
  { pattern: "**/*.key", why: "it may hold a private key", unread: true },
  { pattern: "**/*.p12", why: "it may hold a private key", unread: true },
  { pattern: "**/*.pfx", why: "it may hold a private key", unread: true },
  { pattern: "**/id_rsa", why: "it may hold a private key", unread: true },
  { pattern: "**/id_ed25519", why: "it may hold a private key", unread: true },
];

/** The patterns of the built-in list alone, for a matcher. */
export const sensitivePatterns: readonly string[] = sensitive.map((one) => one.pattern);

/** The patterns of files that a planner is not shown, under any policy. */
export const unreadPatterns: readonly string[] = sensitive.flatMap(({ pattern, unread }) => (unread ? [pattern] : []));
