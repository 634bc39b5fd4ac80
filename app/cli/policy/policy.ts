import { Command } from "commander";
import * as z from "zod";
import { policyPath } from "../../../schemas/limits.ts";
import { Policy } from "../../../schemas/policy.ts";
import type { Io } from "../../terminal/io.ts";
import { type ExplainOptions, explainPaths } from "./explain.ts";
import { type LintOptions, lint } from "./lint.ts";

/** `sallyport policy`: checks a policy before it is pushed, explains what it means for a path, prints its schema. */
export function policyCommand(io: Io): Command {
  const command = new Command("policy").description("check and explain the policy file");
  command
    .command("lint")
    .description("say whether a policy file is valid, and what in it is hardly meant")
    .argument("[file]", `the policy file (default: ${policyPath})`)
    .option("--repo <dir>", "the work tree whose files and workflows it is compared with (default: .)")
    .option("--history <n>", "say too what it would have meant for the last merged changes, in brief")
    .option("--strict", "exit with 1 on warnings too")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  npx sallyport policy lint --history 50")
    .action((file: string | undefined, options: LintOptions) => lint(file, options, io));
  command
    .command("explain")
    .description("say which rules touch a path and what they mean for it; the path need not exist")
    .argument("<path...>", "paths from the top of the repository")
    .option("--repo <dir>", "the git directory whose default branch has the policy (default: .)")
    .option("--policy <file>", "explain this policy file, in place of the default branch's")
    .option("--json", "print the rules as JSON")
    .addHelpText("after", "\nExample:\n  npx sallyport policy explain web/app.ts --policy .github/sallyport.yml")
    .action((paths: string[], options: ExplainOptions) => explainPaths(paths, options, io));
  command
    .command("schema")
    .description("print the JSON Schema of the policy file, for editors")
    .addHelpText("after", "\nExample:\n  npx sallyport policy schema > sallyport.schema.json")
    .action(() => {
      io.out(`${JSON.stringify(z.toJSONSchema(Policy, { io: "input", unrepresentable: "any" }), null, 2)}\n`);
    });
  return command;
}
