import { readAppFacts } from "../../collect/repository/app.ts";
import { readRepositoryFacts } from "../../collect/repository/repository.ts";
import { messageOf } from "../../core/errors.ts";
import type { HealthFacts } from "../../core/health/health.ts";
import type { ServiceFact } from "../../core/health/models.ts";
import type { CheckedRepository, ServiceIdentity } from "../../core/health/repository.ts";
import type { LedgerKeyFact } from "../../core/health/settings.ts";
import type { ToolFact } from "../../core/health/tools.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import type { Policy } from "../../schemas/policy.ts";
import { assigned } from "../../schemas/policy-agents.ts";
import { tryProgram } from "../agents/trial.ts";
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
    return { settings, app: null, identity: null, repositories: [], services: [], tools: [] };
  }
  const { config } = reading;
  const ledgerKey = publicKeyOf(config);
  const appKeyProblem = keyProblem(config.privateKey);
  const database = await probeDatabase(config.database, cwd);
  const settings = { ...machine, problems: [], rest: { appKeyProblem, ledgerKey, database } };
  if (appKeyProblem !== null) return { settings, app: null, identity: null, repositories: [], services: [], tools: [] };
  const github = createGitHub(config, onToken);
  const app = await readAppFacts(github.asApp);
  const isSignedIn = app.app.known && app.app.value !== null;
  const identity = isSignedIn && "publicKey" in ledgerKey ? await readIdentity(github, ledgerKey.publicKey) : null;
  const repositories = identity?.known === true ? await readRepositories(github, wanted) : [];
  const agents = workingAgents(repositories);
  const services = await probeServices(config, agents);
  const onActions = agents.some(({ routes }) => routes.some(({ backend }) => backend !== undefined));
  const needs = await readManifest(onActions);
  const tools = await probeTools(config, agents);
  return { settings, app: { needs, ...app }, identity, repositories, services, tools };
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

/** The parts about agents of the policies that let agents work: one without roles uses none. */
function workingAgents(repositories: readonly CheckedRepository[]): Policy["agents"][] {
  return repositories.flatMap(({ facts }) => {
    const policy = facts.known && facts.value !== null ? facts.value.policy : null;
    if (policy === null || !policy.known || policy.value.state !== "loaded") return [];
    const { agents, roles } = policy.value.policy;
    return Object.keys(roles).length === 0 ? [] : [agents];
  });
}

/** Probes every model service that a policy names. */
async function probeServices(config: Config, agents: readonly Policy["agents"][]): Promise<ServiceFact[]> {
  const services = new Set(agents.flatMap((one) => assigned(one).map(({ use }) => use)));
  return Promise.all([...services].map((service) => probeService(service, config[service])));
}

/** Tries every agent's program that a policy names, one after the other. */
async function probeTools({ agentTools, publicUrl }: Config, agents: readonly Policy["agents"][]): Promise<ToolFact[]> {
  const routes = agents.flatMap((one) => one.routes);
  const named = routes.flatMap(({ tool, use, backend }) => (tool === undefined ? [] : [{ tool, use, backend }]));
  const facts: ToolFact[] = [];
  const tried = new Map(
    named.flatMap(({ tool, use, backend }) => (backend === undefined ? [[tool, use] as const] : [])),
  );
  for (const [tool, use] of tried)
    facts.push({ tool, on: "machine", problem: await tryProgram(tool, use, agentTools) });
  const problem = publicUrl === null ? "runs on Actions find this service nowhere: set PUBLIC_URL" : null;
  const dispatched = new Set(named.flatMap(({ tool, backend }) => (backend === undefined ? [] : [tool])));
  return [...facts, ...[...dispatched].map((tool) => ({ tool, on: "actions" as const, problem }))];
}
