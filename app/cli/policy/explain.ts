import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { policyReading } from "../../../collect/policy/file.ts";
import { readDefaultPolicy } from "../../../collect/policy/of-clone.ts";
import { jsonText, oneLine } from "../../../core/escape.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { type Explanation, explain } from "../../../core/policy/explain.ts";
import { problemLines } from "../../../core/policy/problem.ts";
import { policyPath } from "../../../schemas/limits.ts";
import type { Io } from "../../terminal/io.ts";

export type ExplainOptions = { repo?: string; policy?: string; json?: boolean };

/** Explains what the policy means for paths: exit 0, or 2 when there is no valid policy. */
export async function explainPaths(paths: readonly string[], options: ExplainOptions, io: Io): Promise<void> {
  const read = options.policy === undefined ? await fromGit(options, io) : await fromFile(options.policy, io);
  const problem = read.known ? problemOf(read.value, options.policy ?? policyPath) : read.why;
  if (!read.known || read.value.state !== "loaded" || problem !== null) {
    io.err(`sallyport policy explain: ${oneLine(problem ?? "")}\n`);
    io.exit(2);
    return;
  }
  const loaded = read.value;
  const explanations = paths.map((path) => explain(path.replace(/^(?:\.\/)+|\/+$/g, ""), loaded));
  if (options.json === true) io.out(`${jsonText({ paths: explanations })}\n`);
  else for (const one of explanations) io.out(textOf(one, options.policy ?? policyPath));
  io.exit(0);
}

function problemOf(reading: PolicyReading, file: string): string | null {
  if (reading.state === "absent") return `the default branch has no ${policyPath}; name a policy file with --policy`;
  if (reading.state === "loaded") return null;
  return problemLines(reading.problems, file).join("; ");
}

function textOf({ path, name, rules, outsideRoles }: Explanation, file: string): string {
  const lines = rules.map(({ key, pattern, policyLine, meaning }) => {
    const location = `${file}${policyLine === null ? "" : `:${policyLine}`}`;
    return `  ${key}${pattern === null ? "" : ` \`${pattern}\``} (${location}): ${meaning}`;
  });
  if (name !== null) lines.unshift(`  no change may hold this name: ${name}`);
  if (rules.length === 0) lines.push("  no rule");
  if (outsideRoles) lines.push("  no role allows it, so no agent may touch it");
  return `${oneLine(path)}\n${lines.map((one) => `${oneLine(one)}\n`).join("")}`;
}

async function fromFile(file: string, io: Io): Promise<Known<PolicyReading>> {
  const content = await readFile(resolve(io.cwd, file)).catch(() => null);
  if (content === null) return unknown(`the policy file ${file} cannot be read; check its path`);
  return known(policyReading("", "", content));
}

async function fromGit({ repo }: ExplainOptions, io: Io): Promise<Known<PolicyReading>> {
  const policy = await readDefaultPolicy(resolve(io.cwd, repo ?? "."));
  return policy.known ? policy : unknown(`${policy.why}; name a policy file with --policy`);
}
