/** Applies a seed: creates people, organizations, apps and repositories without history or webhooks. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { load } from "js-yaml";
import { publicKeyOf } from "../request/caller.ts";
import type { State } from "../state/memory.ts";
import type { App, Organization } from "../state/model.ts";
import { actionsAppId, addAccount, identify, nodeId, now, queueAccountLogin } from "../state/state.ts";
import { addUserToken } from "../state/tokens.ts";
import { accountOf, seedRepository } from "./seed-repository.ts";
import { type AppSeed, type ParsedSeed, type Seed, seedSchema } from "./seed-schema.ts";

export type { Seed } from "./seed-schema.ts";

/** Reads a seed in YAML; throws a one-line error that names the file and the field. */
export async function readSeed(file: string): Promise<Seed> {
  const text = await readFile(file, "utf8");
  try {
    return checkSeed(load(text, { filename: file }));
  } catch (error) {
    const [line] = String(error instanceof Error ? error.message : error).split("\n");
    throw new Error(`${file}: ${line}`);
  }
}

/** Throws a one-line error when the seed is malformed or names an account that it does not define. */
export async function applySeed(state: State, given: Seed): Promise<void> {
  const seed = checkSeed(given);
  reserveIds(state, seed);
  for (const user of seed.users) {
    const account = addAccount(state, { ...user, type: "User" });
    if (user.token !== undefined) addUserToken(state, account, user.token);
  }
  for (const organization of seed.organizations) seedOrganization(state, organization);
  seedActions(state);
  for (const app of seed.apps) await seedApp(state, app);
  for (const repository of seed.repositories) await seedRepository(state, repository);
}

function checkSeed(value: unknown): ParsedSeed {
  const seed = seedSchema.safeParse(value);
  if (seed.success) return seed.data;
  const [issue] = seed.error.issues;
  throw new Error(`seed: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`);
}

/** Makes the sandbox's own ids start above those in the seed. */
function reserveIds(state: State, seed: ParsedSeed): void {
  const all = [seed.users, seed.organizations, seed.apps, seed.repositories].flat();
  state.lastId = Math.max(state.lastId, ...all.map(({ id }) => id ?? 0));
}

function seedOrganization(state: State, seed: ParsedSeed["organizations"][number]): void {
  const account = addAccount(state, { ...seed, type: "Organization" });
  const people = (logins: string[]) => logins.map((login) => accountOf(state, login, seed.login));
  const organization: Organization = { account, owners: people(seed.owners), members: people(seed.members), teams: [] };
  organization.teams = seed.teams.map((team) => ({
    ...identify(state, "T"),
    organization,
    slug: team.slug,
    name: team.name ?? team.slug,
    description: null,
    members: people(team.members),
  }));
  state.organizations.push(organization);
}

/**
 * GitHub's own app that reports simulated checks, and its merge queue. They have no key, so nobody can sign in as
 * either.
 */
function seedActions(state: State): void {
  const owner = addAccount(state, { login: "github", type: "Organization" });
  state.apps.push({
    id: actionsAppId,
    nodeId: nodeId("A", actionsAppId),
    slug: "github-actions",
    name: "GitHub Actions",
    owner,
    bot: addAccount(state, { login: "github-actions[bot]", type: "Bot", id: 41898282 }),
    publicKey: null,
    webhook: null,
    permissions: { checks: "write", contents: "read" },
    events: [],
    createdAt: now(state),
  });
  addAccount(state, { login: queueAccountLogin, type: "Bot", id: 118344674 });
}

async function seedApp(state: State, seed: AppSeed): Promise<void> {
  const owner = seed.owner ?? state.organizations[0]?.account.login ?? "github";
  const made = identify(state, "A");
  const app: App = {
    id: seed.id ?? made.id,
    nodeId: seed.id === undefined ? made.nodeId : nodeId("A", seed.id),
    slug: seed.slug,
    name: seed.name ?? seed.slug,
    owner: accountOf(state, owner, `app ${seed.slug}`),
    bot: addAccount(state, { login: `${seed.slug}[bot]`, type: "Bot" }),
    publicKey: seed.private_key_file === undefined ? null : publicKeyOf(await keyIn(seed.private_key_file)),
    webhook: seed.webhook ?? null,
    permissions: seed.permissions,
    events: seed.events,
    createdAt: now(state),
  };
  state.apps.push(app);
  if (seed.oauth !== undefined) state.signIns.set(seed.oauth.id, { app, ...seed.oauth });
}

/** The private key in the file; a new key is written when there is none. Only its owner may read the file. */
async function keyIn(file: string): Promise<string> {
  if (existsSync(file)) return readFile(file, "utf8");
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await writeFile(file, privateKey, { mode: 0o600 });
  return privateKey;
}
