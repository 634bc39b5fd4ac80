import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { parsePolicy } from "../../collect/policy.ts";
import { Policy, policyPath } from "../../schemas/policy.ts";
import type { Io } from "./io.ts";

/** `sallyport policy`: check a policy file before it is pushed, and print its schema for editors. */
export function policyCommand(io: Io): Command {
  const command = new Command("policy").description("check the policy file");
  command
    .command("lint")
    .description("say whether a policy file is valid, and if not where and what to do")
    .argument("[file]", "the policy file", policyPath)
    .action(async (file: string) => {
      let bytes: Uint8Array;
      try {
        bytes = await readFile(resolve(io.cwd, file));
      } catch {
        io.err(
          `sallyport policy lint: cannot read ${file}; name the file, or run this at the top of the repository\n`,
        );
        io.exit(2);
        return;
      }
      const parsed = parsePolicy(bytes);
      if (!parsed.ok) {
        const { line, column, message } = parsed.problem;
        io.err(`${file}:${line}:${column}: ${message}\n`);
        io.exit(1);
        return;
      }
      const gates = [
        "scope",
        "evidence",
        ...Object.keys(parsed.policy.gates).filter((gate) => gate !== "evidence"),
      ];
      io.out(
        `${file} is valid. Gates: ${gates.join(", ")}. Roles: ${Object.keys(parsed.policy.roles).join(", ") || "none"}.\n`,
      );
      io.exit(0);
    });
  command
    .command("schema")
    .description("print the JSON Schema of the policy file, for editors")
    .action(() => {
      io.out(`${JSON.stringify(z.toJSONSchema(Policy, { io: "input", unrepresentable: "any" }), null, 2)}\n`);
    });
  return command;
}
