import { judgingOf } from "./commands.ts";
import { type Kind, kindOfName } from "./runners.ts";
import { plainCheck, type ScriptCheck } from "./script-checks.ts";
import type { Step } from "./workflow.ts";

/** Actions that set up, move, show or send things, or look after issues. */
const plumbing =
  /setup|checkout|cache|upload|download|artifact|login|reporter|comment|label|stale|lock|release|publish|deploy|changed-files|paths-filter|install|notif|slack|token|github-script|assign|changelog|changes|tmate|configure|buildx|qemu|free-disk|badge|triage|greet|merge|backport|cherry|sync|pages|toolchain|issue|project|commit-action|codecov|coveralls|workflow-dispatch|delete|cancel|wait|codeql-action\/(?:init|autobuild)|sarif|scorecard|create-|dispatch|milestone|metadata|attest|latest|size-label|gradle-build|test-results|test-report/;
const judging: readonly [RegExp, Kind][] = [
  [
    /pre-commit\/action|dependency-review|semantic-pull-request|super-linter|megalinter|alls-green|label-checker/,
    "static",
  ],
  [/codeql-action\/analyze|sonar|semgrep|wrapper-validation/, "static"],
  [/cypress-io\/github-action|cifuzz|clusterfuzz/, "test"],
];
/** Inputs that hold a script which the action runs: in a virtual machine, under a display, again and again. */
const scripts = ["run", "command", "cmd", "test-command", "script"];

/** The script that a step hands to its action, if it does. */
export function scriptOf({ uses, with: inputs }: Step): string | null {
  if (uses === null || /github-script|actions-rs\/cargo/.test(uses)) return null;
  const told = inputs.get("arguments");
  if (told !== undefined && /gradle/.test(uses)) return `./gradlew ${told}`;
  const name = scripts.find((one) => inputs.has(one));
  return name === undefined ? null : (inputs.get(name) ?? null);
}

/** What an action or a called workflow judges, by its name and inputs; null for one that judges nothing. */
export function actionOf({ uses, with: inputs }: Pick<Step, "uses" | "with">): ScriptCheck | null {
  const path = uses?.split("@")[0]?.toLowerCase() ?? "";
  if (path === "") return null;
  const key = `uses ${path}`;
  if (path === "actions-rs/cargo") {
    const words = ["cargo", inputs.get("command") ?? "", ...(inputs.get("args") ?? "").split(/\s+/)];
    const [found] = judgingOf(words.filter((word) => word !== "")) ?? [];
    return found === undefined ? null : { ...plainCheck(found.kind, found.key, found.text), isOpen: false };
  }
  if (path === "docker/build-push-action" && !/^true$/i.test(inputs.get("push") ?? ""))
    return { ...plainCheck("build", key, key), isOpen: false };
  const known = judging.find(([pattern]) => pattern.test(path))?.[1];
  // An owner's name says nothing of what is done.
  const own = path.startsWith("./") || path.startsWith("docker:") ? path : path.slice(path.indexOf("/") + 1);
  if (known === undefined && plumbing.test(own)) return null;
  const name = own.replace(/\.github\/(?:workflows|actions)|\.ya?ml$|[-_]actions?\b/g, " ");
  // What the project's own action or workflow does stands in another file.
  const isOpen = path.startsWith("./") || path.includes("/.github/workflows/");
  return { ...plainCheck(known ?? kindOfName(name) ?? "other", key, key), isOpen };
}

/** Whether a job sends what it builds somewhere: what it builds is a product then and no check. */
export function publishes(steps: readonly Step[]): boolean {
  const actions =
    /gh-release|create-release|release-asset|pypi-publish|deploy|wrangler|pages|login-action|goreleaser|publish-action|attest|aws-actions|google-github-actions/i;
  const commands = /\bpublish\b|\bdocker\s+push\b|--push\b|\bgh\s+release\b|\bdeploy\b|\btwine\s+upload\b|\bwrangler\b/;
  return steps.some(({ uses, run }) => actions.test(uses ?? "") || commands.test(run?.text.slice(0, 100_000) ?? ""));
}
