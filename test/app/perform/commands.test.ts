import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { EffectResult } from "../../../core/effects.ts";
import type { StepPack } from "../../../schemas/step.ts";
import { answer, pack, tip } from "../../builders/effect-scenes.ts";
import { tarOf } from "../../builders/tar-file.ts";
import { unconfined } from "../../hosts/enclosure.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

const confined = unconfined === null ? describe : describe.skip;

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const evidence = "web/report.json";

/** Runs commands on an answer to the page's prompt, and tells what became of them. */
async function run(commands: string[], files: Record<string, string>, more: Partial<StepPack> = {}) {
  const execution = { level: "tests" as const, commands };
  const asked = pack(await tip(acme), {
    execution,
    limits: { runtime: 20, silence: 1, turns: 5, tokens: 10 },
    ...more,
  });
  const given = answer(Object.entries(files).map(([path, content]) => ({ path, content })));
  const [packSha256, resultSha256] = [await acme.store(asked), await acme.store(given)];
  return acme.perform({ type: "run-commands", key: "agent/1/commands", run: "run-1-1", packSha256, resultSha256 });
}

async function verified(...of: Parameters<typeof run>): Promise<Extract<EffectResult, { type: "verification" }>> {
  const result = await run(...of);
  if (result.type !== "verification") throw new Error(result.type);
  return result;
}

async function bodyOf(sha256 = ""): Promise<unknown> {
  const bytes = await acme.world.bodies.get(sha256);
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString("utf8"));
}

/** A registry with one package, whose script would leave a mark. */
async function registry(status = 200) {
  const code = "exports.greeting = 'hello';\n";
  const about = {
    name: "greeting",
    version: "1.0.0",
    scripts: { postinstall: "node -e \"fs.writeFileSync('ran','')\"" },
  };
  const files = { "package/package.json": JSON.stringify(about), "package/index.js": code };
  const tarball = gzipSync(await tarOf(Object.entries(files).map(([name, content]) => ({ name, content }))));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (status === 200 && request.url === "/greeting/-/greeting-1.0.0.tgz") response.end(tarball);
    else response.writeHead(status === 200 ? 404 : status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  acme.world.packageRegistry = `http://127.0.0.1:${port}`;
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const resolved = "https://registry.npmjs.org/greeting/-/greeting-1.0.0.tgz";
  const dependencies = { greeting: "1.0.0" };
  const packages = {
    "": { name: "web", dependencies },
    "node_modules/greeting": { version: "1.0.0", resolved, integrity, hasInstallScript: true },
  };
  return {
    asked,
    files: {
      "package.json": JSON.stringify({ name: "web", dependencies }),
      "package-lock.json": JSON.stringify({ name: "web", lockfileVersion: 3, packages }),
    },
  };
}

confined("G2: verification commands", () => {
  test("run on the base with the answer in it, and each is recorded by its end and what it printed", async () => {
    const page = "<p>good morning</p>\n";
    const script = "echo out; echo err >&2; exit 3\n";
    const files = { "web/page.html": page, "web/fail.sh": script };
    const { install, commands } = await verified(["cat README.md web/page.html", "bash web/fail.sh", "no-such"], files);
    expect(install).toBeUndefined();
    expect(commands).toMatchObject([
      { argv: ["cat", "README.md", "web/page.html"], exit: 0, excerpt: `# web\n${page}` },
      { argv: ["bash", "web/fail.sh"], exit: 3 },
      { argv: ["no-such"], exit: 127 },
    ]);
    expect(commands[0]?.output).toBe(createHash("sha256").update(`# web\n${page}`).digest("hex"));
    expect(commands[1]?.excerpt).toMatch(/out\n/);
    expect(commands[1]?.excerpt).toMatch(/err\n/);
  });

  test("evidence is what they wrote: the agent's own is gone before they begin, and none leads out of the tree", async () => {
    const forged = { [evidence]: '{"passed":true}', "web/page.html": "" };
    const none = await verified(["ls web/report.json"], forged, { evidence: [evidence] });
    expect(none).toMatchObject({ commands: [{ exit: 2 }], evidence: [{ path: evidence, sha256: null }] });
    expect(none.written).toBeUndefined();

    const script = `echo '{"passed":false}' > ${evidence}\n`;
    const made = await verified(["bash web/make.sh"], { ...forged, "web/make.sh": script }, { evidence: [evidence] });
    expect(await bodyOf(made.written?.sha256)).toEqual([{ path: evidence, content: '{"passed":false}\n' }]);

    const linking = "ln -s /etc/passwd web/report.json; ln -s /etc web/etc\n";
    const paths = [evidence, "web/etc/passwd"];
    const led = await verified(["bash web/make.sh"], { "web/make.sh": linking }, { evidence: paths });
    expect(led.evidence).toEqual(paths.map((path) => ({ path, sha256: null })));
  });

  test("have no network, no key and no way to the registry, and a secret that they print is cut out", async () => {
    const { asked, files } = await registry();
    const script = [
      "exec 3<>/dev/tcp/127.0.0.1/8080 && echo reached",
      "env | grep -ci key",
      "ls /run/sallyport",
      "echo sk-ant-0123456789abcdefghij",
    ];
    const { commands } = await verified(["bash web/spy.sh"], { ...files, "web/spy.sh": script.join("\n") });
    expect(commands[0]?.excerpt).not.toMatch(/reached|model\.sock|sk-ant-/);
    expect(commands[0]?.excerpt).toMatch(/^0$/m);
    expect(asked).toHaveLength(1);
  });

  test("find the dependencies of the lock file, whose scripts did not run", async () => {
    const { asked, files } = await registry();
    const script =
      "console.log(require('greeting').greeting, require('fs').existsSync('node_modules/greeting/ran'));\n";
    const { install, commands } = await verified(["node web/use.cjs"], { ...files, "web/use.cjs": script });
    expect(install).toMatchObject({ exit: 0 });
    expect(install?.argv).toEqual(expect.arrayContaining(["npm", "ci", "--ignore-scripts"]));
    expect(commands[0]).toMatchObject({ exit: 0, excerpt: "hello false\n" });
    expect(asked).toEqual(["GET /greeting/-/greeting-1.0.0.tgz"]);
  });

  test("an installation that fails is the agent's to mend, and no command runs without it", async () => {
    const { files } = await registry();
    const broken = { ...files, "package.json": JSON.stringify({ name: "web", dependencies: { other: "2.0.0" } }) };
    const { install, commands } = await verified(["node --version"], broken);
    expect(install?.exit).not.toBe(0);
    expect(install?.excerpt).toMatch(/npm error/);
    expect(commands).toEqual([]);
  });

  test("a registry that is down is tried again later, and is nobody's failure", async () => {
    const { files } = await registry(503);
    await expect(run(["node --version"], files)).rejects.toMatchObject({ code: "model", retry: true });
  });

  test("another package manager is refused in one line, with the next step", async () => {
    await expect(run(["make"], { "yarn.lock": "" })).rejects.toMatchObject({
      code: "bad-input",
      message:
        "`yarn.lock` asks for Yarn, and npm alone is supported: commit a `package-lock.json`, or take `execution` off the role, so that CI alone proves its work",
    });
  });

  test("one that does not end is ended at the limit, and what it left behind with it", async () => {
    const limits = { runtime: 2, silence: 1, turns: 1, tokens: 1 };
    const started = performance.now();
    const { commands } = await verified(["sleep 60", "true"], { "web/a": "" }, { limits });
    expect(commands).toMatchObject([{ exit: null, stopped: "time-exceeded" }, { exit: 0 }]);
    expect(performance.now() - started).toBeLessThan(7_000 + 5_000);
  });
});
