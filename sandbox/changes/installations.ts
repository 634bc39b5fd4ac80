/** Installs an App on repositories and tells it so; an App need not subscribe to events about itself. */
import { presentInstallation } from "../present/accounts.ts";
import { install } from "../seed/seed-repository.ts";
import type { State } from "../state/memory.ts";
import type { Account, App, Repository } from "../state/model.ts";
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
  const added = repositories.map((one) => ({
    id: one.id,
    node_id: one.nodeId,
    name: one.name,
    full_name: fullName(one),
    private: one.private,
  }));
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
