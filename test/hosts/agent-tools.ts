/** A folder of agents' programs, as an operator makes it: here with one of our own. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program in bash or Node by its name in `bin`. */
export async function agentTools(
  programs: Record<string, string>,
): Promise<{ folder: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "agent-tools-"));
  await chmod(folder, 0o755);
  await mkdir(join(folder, "bin"));
  for (const [name, text] of Object.entries(programs)) {
    const path = join(folder, "bin", name);
    await writeFile(path, text);
    await chmod(path, 0o755);
  }
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * A program that asks its model what to write where, until the model stops, and then says that it is done. It knows
 * Anthropic's words and OpenAI's.
 */
export const askingProgram = `#!/usr/bin/env node
const { mkdirSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { ANTHROPIC_BASE_URL, OPENAI_BASE_URL } = process.env;
let pack = "";
process.stdin.on("data", (chunk) => { pack += chunk; }).on("end", () => work(JSON.parse(pack)));
const write = { name: "write", description: "Write a file.", schema: { type: "object", properties: { path: { type: "string" }, content: { type: "string" } } } };
async function post(url, body) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", "x-api-key": "none", "anthropic-version": "2023-06-01" }, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) { console.error(text); process.exit(3); }
  return JSON.parse(text);
}
async function ask(model, said) {
  if (ANTHROPIC_BASE_URL !== undefined) {
    const tools = [{ name: write.name, description: write.description, input_schema: write.schema }];
    const { content } = await post(ANTHROPIC_BASE_URL + "/v1/messages", { model, max_tokens: 1000, messages: said, tools });
    said.push({ role: "assistant", content });
    const calls = content.filter((block) => block.type === "tool_use");
    if (calls.length > 0) said.push({ role: "user", content: calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "written" })) });
    return calls.map(({ input }) => input);
  }
  const tools = [{ type: "function", name: write.name, description: write.description, parameters: write.schema }];
  const { output } = await post(OPENAI_BASE_URL + "/responses", { model, input: said, tools });
  said.push(...output);
  const calls = output.filter((item) => item.type === "function_call");
  for (const { call_id } of calls) said.push({ type: "function_call_output", call_id, output: "written" });
  return calls.map((call) => (typeof call.arguments === "string" ? JSON.parse(call.arguments) : call.arguments));
}
async function work(pack) {
  const said = [{ role: "user", content: pack.contract }];
  for (;;) {
    const calls = await ask(process.env.AGENT_MODEL, said);
    if (calls.length === 0) break;
    for (const { path, content } of calls) { mkdirSync(dirname(path), { recursive: true }); writeFileSync(path, content); }
  }
  console.log("it is done");
  const claims = pack.acceptance.map((criterion) => ({ criterion, how: "The program did it." }));
  console.log(JSON.stringify({ version: 1, outcome: "finished", code: "finished", summary: "Done.", questions: [], files: [], claims }));
}
`;
