import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { git } from "../../collect/git/git.ts";
import { gitObjects } from "../../collect/git/objects.ts";
import { sha256 } from "../../core/digest.ts";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { Pack } from "../../schemas/step.ts";
import { runAgentProgram } from "../agents/command.ts";
import { treeLimits, type WholeTree } from "../agents/trees.ts";
import { createWorkspace } from "../agents/workspace.ts";
import { readPlain } from "../runner/work-tree.ts";
import { type Exchanged, exchangePath, modelBase, Order, orderPath } from "./protocol.ts";
import { isSealedName, readSealed, sealedFiles } from "./sealed.ts";

/** What a job of the workflow is started with. */
export type JobSettings = {
  /** The job's folder, in which the steps before and after it find their files. */
  folder: string;
  /** Where the App is, as the workflow says. */
  url: string;
  nonce: string;
  /** The digest of the pack, and the commit that it is built on. */
  pack: string;
  base: string;
  run: number;
  /** The folder of agents' programs that the workflow installed; null: none. */
  tools: string | null;
  /** Where GitHub proves who this job is, with the token for asking; null: the job has no right to. */
  identity: { url: string; token: string } | null;
  /** Prints a line of ours; nothing that a program or a model wrote is ever printed. */
  print(line: string): void;
};

export const jobs = { prepare, agent, seal } as const;

/** The folders and files by which the jobs hand on what they made, in `JobSettings.folder`. */
const places = { checkout: "base", prepared: "prepared/base.json.gz", worked: "worked", sealed: "sealed" } as const;

const BaseFile = z.strictObject({ path: z.string(), mode: z.string(), content: z.base64() });
const Base = z.strictObject({ commit: z.string(), files: z.array(BaseFile) });

/** Takes the files of the base commit out of a checkout, as git has them: no filter, no hook and no token comes along. */
async function prepare({ folder, base, print }: JobSettings): Promise<void> {
  const dir = join(folder, places.checkout);
  const listed = await git(dir, ["ls-tree", "-r", "-z", "--full-tree", base]);
  if (!listed.ok) throw new SallyportError("bad-input", `the checkout does not hold ${base}: ${listed.why}`);
  const objects = gitObjects(dir);
  const files: z.infer<typeof BaseFile>[] = [];
  let bytes = 0;
  try {
    for (const line of listed.stdout.toString("utf8").split("\0").slice(0, -1)) {
      const [, mode = "", type, sha = "", path = ""] = /^(\d+) (\w+) ([0-9a-f]+)\t([\s\S]+)$/.exec(line) ?? [];
      if (type !== "blob") continue;
      const blob = await objects.blob(sha, treeLimits.fileBytes);
      if (!blob.known) throw new SallyportError("bad-input", blob.why);
      if (blob.value.content === null) continue;
      bytes += blob.value.content.length;
      if (bytes > treeLimits.treeBytes)
        throw new SallyportError("bad-input", `the tree of ${base} has more than ${treeLimits.treeBytes} bytes`);
      files.push({ path, mode, content: blob.value.content.toString("base64") });
    }
  } finally {
    objects.close();
  }
  const made: z.infer<typeof Base> = { commit: base, files };
  await put(join(folder, places.prepared), gzipSync(JSON.stringify(made)));
  print(`prepared ${files.length} files of ${base}`);
}

/** Lets the program work on the base in the sandbox; its model calls go to the App, which has the key and counts. */
async function agent(settings: JobSettings): Promise<void> {
  const { folder, url, nonce, pack: digest, base, run, tools, print } = settings;
  const bearer = await exchange(settings);
  const answer = await fetch(`${url}${orderPath}`, {
    headers: { authorization: `Bearer ${bearer}` },
    redirect: "error",
  });
  if (!answer.ok) throw new SallyportError("bad-input", `the App gives no order (${answer.status})`);
  const order = Order.parse(await answer.json());
  if (sha256(order.pack) !== digest)
    throw new SallyportError("bad-input", "the App's pack is not the one that was asked for");
  const pack = Pack.parse(JSON.parse(order.pack));
  if (pack.base !== base) throw new SallyportError("bad-input", "the pack is of another commit");
  const tree = await preparedTree(join(folder, places.prepared), base);
  const calls = new Map<string, string>();
  const events = runAgentProgram({
    ...{ pack, tool: order.tool, tree, tools, registry: null, workspace: createWorkspace(tree, pack) },
    signal: new AbortController().signal,
    // The App has the store. What is here only lets the relay read back what it passes on.
    calls: {
      get: async (key) => calls.get(key) ?? null,
      put: async (key, text) => void calls.set(key, text),
    },
    service: {
      ...{ name: order.service, apiKey: bearer, model: order.model, baseUrl: `${url}${modelBase[order.service]}` },
      // The App may start anew meanwhile, and has the answers that it got.
      tries: 9,
      // The App watches for silence itself, and answers when all of an answer is stored.
      patience: pack.limits.runtime,
    },
  });
  let step = await events.next();
  while (step.done !== true) {
    print(step.value.type === "answer" ? "the model answered" : "the program used a tool");
    step = await events.next();
  }
  // The App cuts secrets out of what it stores, and says so itself.
  const { files, redacted: _, ...result } = step.value.result;
  const sealed = sealedFiles({ version: 1, nonce, pack: digest, base, run, result }, files);
  for (const [name, bytes] of sealed) await put(join(folder, places.worked, name), bytes);
  print(`the program ${result.outcome} (${result.code}), and changed ${files.length} files`);
}

/** Looks on a fresh machine at what the agent's job left, and hands on what has the form of a result. */
async function seal({ folder, nonce, pack, base, run, print }: JobSettings): Promise<void> {
  const from = join(folder, places.worked);
  const parts = new Map<string, Buffer>();
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    if (entry.isDirectory()) continue;
    const name = join(entry.parentPath, entry.name).slice(from.length + 1);
    const bytes = isSealedName(name) ? await readPlain(join(from, name), treeLimits.fileBytes) : null;
    if (bytes === null)
      throw new SallyportError("bad-input", `the agent's job left ${JSON.stringify(name)}, which belongs to no result`);
    parts.set(name, bytes);
  }
  const read = readSealed(parts);
  if (!read.ok) throw new SallyportError("bad-input", `what the agent's job left is no result: ${read.why}`);
  const { sealed } = read;
  if (sealed.nonce !== nonce || sealed.pack !== pack || sealed.base !== base || sealed.run !== run)
    throw new SallyportError("bad-input", "what the agent's job left answers another request");
  for (const [name, bytes] of parts) await put(join(folder, places.sealed, name), bytes);
  print(`sealed a result of ${read.files.length} files`);
}

/** How long the App may take to know of this run, in milliseconds: GitHub starts it before the App hears its id. */
const exchangeTime = { all: 300_000, pause: 2_000 } as const;

/** Proves to the App who this job is, by GitHub's word, and gets a token that is good for this run alone. */
async function exchange({ url, nonce, identity }: JobSettings): Promise<string> {
  if (identity === null) throw new SallyportError("bad-input", "the job has no `id-token: write`");
  const until = Date.now() + exchangeTime.all;
  for (;;) {
    const answer = await tryExchange(url, nonce, identity).catch((error: unknown) => {
      if (error instanceof SallyportError) throw error;
      return messageOf(error);
    });
    if (typeof answer === "object") return answer.bearer;
    if (Date.now() > until) throw new SallyportError("bad-input", `the App does not answer at ${url}: ${answer}`);
    await sleep(exchangeTime.pause);
  }
}

async function tryExchange(
  url: string,
  nonce: string,
  identity: { url: string; token: string },
): Promise<Exchanged | string> {
  const asked = await fetch(`${identity.url}&audience=${encodeURIComponent(url)}`, {
    headers: { authorization: `Bearer ${identity.token}` },
  });
  if (!asked.ok) return `GitHub gave no identity (${asked.status})`;
  const { value } = z.object({ value: z.string() }).parse(await asked.json());
  const answer = await fetch(`${url}${exchangePath}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ nonce, token: value }),
    redirect: "error",
  });
  const text = await answer.text();
  if (answer.ok) return z.object({ bearer: z.string() }).parse(JSON.parse(text));
  if (answer.status >= 500) return `it answered ${answer.status}`;
  throw new SallyportError("bad-input", `the App does not take this run (${answer.status})`);
}

async function preparedTree(path: string, base: string): Promise<WholeTree> {
  const packed = await readFile(path);
  const { commit, files } = Base.parse(
    JSON.parse(gunzipSync(packed, { maxOutputLength: 2 * treeLimits.treeBytes }).toString()),
  );
  if (commit !== base) throw new SallyportError("bad-input", "what was prepared is of another commit");
  const contents = new Map(
    files.map(({ path: name, mode, content }) => [name, { mode, content: Buffer.from(content, "base64") }]),
  );
  const list = () => [...contents].map(([name, { mode }]) => ({ path: name, mode }));
  return {
    list: async () => list(),
    read: async (name) => contents.get(name)?.content ?? null,
    readAll: async () => [...contents].map(([name, file]) => ({ path: name, ...file })),
  };
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
