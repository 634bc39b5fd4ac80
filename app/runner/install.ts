import { SallyportError } from "../../core/errors.ts";
import type { CommandRun } from "../../schemas/step.ts";
import { inside } from "./bubblewrap.ts";
import { type CommandPlace, runCommandIn } from "./command-run.ts";
import { startRegistryRelay } from "./registry.ts";

/** The one package manager whose dependencies are installed, and the files that ask for another. */
const npmLocks = ["package-lock.json", "npm-shrinkwrap.json"];
const others: Readonly<Record<string, string>> = {
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "Yarn",
  "bun.lock": "Bun",
  "bun.lockb": "Bun",
  "requirements.txt": "pip",
  "poetry.lock": "Poetry",
  "uv.lock": "uv",
  "Pipfile.lock": "Pipenv",
  "Cargo.lock": "Cargo",
  "go.sum": "Go modules",
  "Gemfile.lock": "Bundler",
  "composer.lock": "Composer",
  "mix.lock": "Mix",
  "pom.xml": "Maven",
  "gradle.lockfile": "Gradle",
  "packages.lock.json": "NuGet",
};

/** Exactly what the lock file names, and no script of any package. */
const npmInstall = [
  ...["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"],
  ...["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"],
  ...["--replace-registry-host=always", `--registry=http://127.0.0.1:${inside.port}/`],
];

/** The most seconds of an installation. */
const seconds = 900;

/**
 * Installs a tree's dependencies in its folder, in a run of its own whose only way out are reads of the registry; null:
 * the tree names none. Throws where a person has to do something first, and where the registry does not answer.
 */
export async function installDependencies(
  paths: ReadonlySet<string>,
  place: Omit<CommandPlace, "socket" | "seconds" | "env">,
  registry: string,
): Promise<CommandRun | null> {
  if (!npmLocks.some((name) => paths.has(name))) {
    const other = Object.keys(others).find((name) => paths.has(name));
    if (other === undefined) return null;
    const next = "commit a `package-lock.json`, or take `execution` off the role, so that CI alone proves its work";
    throw new SallyportError(
      "bad-input",
      `\`${other}\` asks for ${others[other]}, and npm alone is supported: ${next}`,
    );
  }
  const { socket } = place.folder;
  const relay = await startRegistryRelay(socket, registry);
  try {
    const run = await runCommandIn(npmInstall, { ...place, socket, seconds });
    const failure = relay.failure();
    if (run.exit !== 0 && failure !== null)
      throw new SallyportError("model", `the package registry does not answer: ${failure}`, { retry: true });
    return run;
  } finally {
    await relay.close();
  }
}
