/** Installs an App on repositories and tells it so; an App need not subscribe to events about itself. */
import { presentInstallation } from "../present/accounts.ts";
import { install } from "../seed/seed-repository.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, Installation, Repository } from "../state/model.ts";
import { fullName } from "../state/state.ts";
import { emitToApp } from "./webhooks.ts";

/** Adds repositories of one account to an App; `actor` is the person who does it. */
export function installApp(state: State, app: App, repositories: readonly Repository[], actor: Account): void {
  const [first] = repositories;
  if (first === undefined) return;
  const on = () => state.installations.find((one) => one.app === app && one.account === first.owner);
  const isNew = on() === undefined;
  for (const repository of repositories) install(state, app, repository);
  const installation = on();
  if (installation === undefined) return;
  const added = repositories.map(presentBriefly);
  const common = { installation: presentInstallation(installation) };
  const lists = {
    repository_selection: "selected",
    repositories_added: added,
    repositories_removed: [],
    requester: null,
  };
  const [event, action, parts] = isNew
    ? (["installation", "created", { repositories: added }] as const)
    : (["installation_repositories", "added", lists] as const);
  emitToApp(state, installation, actor, event, action, { ...common, ...parts });
}

/** Takes an App away from an account: its tokens are worth nothing any more, and it hears of that last. */
export function uninstallApp(state: State, installation: Installation, actor: Account): void {
  const told = {
    installation: presentInstallation(installation),
    repositories: installation.repositories.map(presentBriefly),
  };
  state.installations = state.installations.filter((one) => one !== installation);
  state.tokens = state.tokens.filter((one) => one.kind !== "installation" || one.installation !== installation);
  emitToApp(state, installation, actor, "installation", "deleted", told);
}

const presentBriefly = (one: Repository) => ({
  id: one.id,
  node_id: one.nodeId,
  name: one.name,
  full_name: fullName(one),
  private: one.private,
});
