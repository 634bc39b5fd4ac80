import { readAppFacts } from "../../collect/repository/app.ts";
import { readRepositoryFacts } from "../../collect/repository/repository.ts";
import { messageOf } from "../../core/errors.ts";
import type { HealthFacts } from "../../core/health/health.ts";
import type { ServiceFact } from "../../core/health/models.ts";
import type { CheckedRepository, ServiceIdentity } from "../../core/health/repository.ts";
import type { LedgerKeyFact } from "../../core/health/settings.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { assigned, type ModelService } from "../../schemas/policy-agents.ts";
import { appKeyProblem as keyProblem } from "../github/app-key.ts";
import { createGitHub, type GitHubClients } from "../github/clients.ts";
import { createSigner } from "../ledger/signer.ts";
import type { Config, ConfigReading } from "../settings/config.ts";
import { probeDatabase } from "./database.ts";
import { readManifest, readNodeNeeded } from "./manifest.ts";
import { probeService } from "./models.ts";

/** What to check: the folder that relative settings start from, and the repositories; all of them if none is named. */
export type HealthQuestion = { cwd: string; node: string; repositories: readonly string[] };

/** Checks everything that the settings give access to. It changes nothing, here or on GitHub. */
export async function collectHealth(
  reading: ConfigReading,
  { cwd, node, repositories: wanted }: HealthQuestion,
  onToken: (token: string) => void,
): Promise<HealthFacts> {
  const machine = { node, nodeNeeded: await readNodeNeeded() };
  if (!reading.ok) {
    const settings = { ...machine, problems: reading.problems, rest: null };
    return { settings, app: null, identity: null, repositories: [], services: [] };
  }
  const { config } = reading;
  const ledgerKey = publicKeyOf(config);
  const appKeyProblem = keyProblem(config.privateKey);
  const database = await probeDatabase(config.database, cwd);
  const settings = { ...machine, problems: [], rest: { appKeyProblem, ledgerKey, database } };
  if (appKeyProblem !== null) return { settings, app: null, identity: null, repositories: [], services: [] };
  const github = createGitHub(config, onToken);
  const app = { needs: await readManifest(), ...(await readAppFacts(github.asApp)) };
  const isSignedIn = app.app.known && app.app.value !== null;
  const identity = isSignedIn && "publicKey" in ledgerKey ? await readIdentity(github, ledgerKey.publicKey) : null;
  const repositories = identity?.known === true ? await readRepositories(github, wanted) : [];
  return { settings, app, identity, repositories, services: await probeServices(config, repositories) };
}

function publicKeyOf({ ledgerKey }: Config): LedgerKeyFact {
  try {
    return { publicKey: createSigner(ledgerKey).publicKey };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function readIdentity(github: GitHubClients, publicKey: string): Promise<Known<ServiceIdentity>> {
  try {
    return known({ ourselves: await github.identify(), publicKey });
  } catch (error) {
    return unknown(messageOf(error));
  }
}

async function readRepositories(github: GitHubClients, wanted: readonly string[]): Promise<CheckedRepository[]> {
  let all: { id: number; name: string }[];
  try {
    all = await github.namedRepositories();
  } catch (error) {
    const names = wanted.length > 0 ? wanted : ["all repositories"];
    return names.map((name) => ({ name, facts: unknown(messageOf(error)) }));
  }
  const asked = wanted.length > 0 ? wanted : all.map(({ name }) => name).toSorted();
  const facts: CheckedRepository[] = [];
  // One after the other: each is already read with several requests at once.
  for (const name of asked) {
    const found = all.find((one) => one.name.toLowerCase() === name.toLowerCase());
    facts.push(
      found === undefined
        ? { name, facts: known(null) }
        : { name: found.name, facts: await readFacts(github, found.id) },
    );
  }
  return facts;
}

async function readFacts(github: GitHubClients, id: number): Promise<CheckedRepository["facts"]> {
  try {
    return await readRepositoryFacts(await github.forRepository(id, "read"));
  } catch (error) {
    return unknown(messageOf(error));
  }
}

/** Probes every model service that a policy names; a policy without roles uses none. */
async function probeServices(config: Config, repositories: readonly CheckedRepository[]): Promise<ServiceFact[]> {
  const services = new Set<ModelService>();
  for (const { facts } of repositories) {
    const policy = facts.known && facts.value !== null ? facts.value.policy : null;
    if (policy === null || !policy.known || policy.value.state !== "loaded") continue;
    const { agents, roles } = policy.value.policy;
    if (Object.keys(roles).length === 0) continue;
    for (const { use } of assigned(agents)) services.add(use);
  }
  return Promise.all([...services].map((service) => probeService(service, config[service])));
}
