import { Command } from "commander";
import { oneLine } from "../../core/escape.ts";
import { exitStatusOf, type HealthFinding, type Status } from "../../core/health/finding.ts";
import { judgeHealth } from "../../core/health/health.ts";
import { collectHealth } from "../health/health.ts";
import { readConfig } from "../settings/config.ts";
import { createSecrets } from "../settings/secrets.ts";
import type { Io } from "../terminal/io.ts";
import { envFileOption, readEnvironment } from "../terminal/settings.ts";

type Options = { repo?: string[]; envFile?: string; json?: boolean };

const marks: Record<Status, string> = { ok: "✓", warn: "!", fail: "✗", unknown: "?" };

const headings: Record<HealthFinding["area"], (about: string | null) => string> = {
  settings: () => "This machine",
  github: (account) => `The App on ${account ?? "GitHub"}`,
  repository: (name) => `Repository ${name}`,
  models: (backend) => `Model service ${backend}`,
  tools: (tool) => `Agent program ${tool}`,
};

/**
 * `sallyport doctor`: checks the setup and names a fix for each problem. It changes nothing. Exit status 0: all is in
 * place, 1: something is not, 2: it could not be decided, or the settings are wrong.
 */
export function doctorCommand(io: Io): Command {
  return new Command("doctor")
    .description("tell whether everything is in place, and what to do where it is not; changes nothing")
    .option("--repo <owner/name>", "this repository, also several times (default: all of them)", collect)
    .option(...envFileOption)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Settings as for \`serve\`, from the environment and from .env; it may run beside the service.

Example:
  npx sallyport doctor --repo acme/web

Exit status: 0 all is in place (warnings allowed), 1 something is not, 2 could not decide or the settings are wrong.`,
    )
    .action(async ({ repo = [], envFile, json }: Options) => {
      const refuse = (why: string) => {
        io.err(`sallyport doctor: ${oneLine(why)}\n`);
        io.exit(2);
      };
      const wrong = repo.find((name) => !/^[^/\s]+\/[^/\s]+$/.test(name));
      if (wrong !== undefined) return refuse(`--repo ${wrong}: write owner/name`);
      const env = readEnvironment(io, envFile);
      if (!env.known) return refuse(env.why);
      const reading = readConfig(env.value);
      const secrets = reading.ok ? createSecrets(reading.config) : null;
      const question = { cwd: io.cwd, node: process.version, repositories: repo };
      const facts = await collectHealth(reading, question, (token) => secrets?.addToken(token));
      const safe = (text: string) => oneLine(secrets?.redact(text) ?? text).trim();
      const findings = judgeHealth(facts).map((one) => ({
        ...one,
        about: one.about === null ? null : safe(one.about),
        message: safe(one.message),
        ...(one.next === undefined ? {} : { next: safe(one.next) }),
      }));
      const status = exitStatusOf(findings);
      if (json === true) io.out(`${JSON.stringify({ status, counts: countsOf(findings), findings }, null, 2)}\n`);
      else io.out(`${textOf(findings)}\n${summaryOf(findings)}\n`);
      io.exit(status);
    });
}

function collect(name: string, before: string[] = []): string[] {
  return [...before, name];
}

function textOf(findings: readonly HealthFinding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines: string[] = [];
  let heading = "";
  for (const { area, about, check, status, message, next } of findings) {
    const own = headings[area](about);
    if (own !== heading) lines.push(...(heading === "" ? [] : [""]), own);
    heading = own;
    lines.push(`  ${marks[status]} ${check.padEnd(width)}  ${message}`);
    if (next !== undefined) lines.push(`    ${" ".repeat(width)}  next: ${next}`);
  }
  return lines.join("\n");
}

function countsOf(findings: readonly HealthFinding[]): Record<Status, number> {
  const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { status } of findings) counts[status] += 1;
  return counts;
}

function summaryOf(findings: readonly HealthFinding[]): string {
  const { ok, warn, fail, unknown } = countsOf(findings);
  const parts = [
    `${ok} in place`,
    `${warn} ${warn === 1 ? "warning" : "warnings"}`,
    `${fail} to mend`,
    `${unknown} not known`,
  ];
  return `\n${parts.join(", ")}.`;
}
