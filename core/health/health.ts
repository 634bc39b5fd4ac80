import type { Known } from "../known.ts";
import { findingsOf, type HealthFinding } from "./finding.ts";
import { type AppFacts, judgeApp } from "./installation.ts";
import { judgeModels, type ServiceFact } from "./models.ts";
import { type CheckedRepository, judgeRepository, type ServiceIdentity } from "./repository.ts";
import { judgeSettings, type SettingsFacts } from "./settings.ts";
import { judgeTools, type ToolFact } from "./tools.ts";

/** The facts behind all health checks; null means not checked, because an earlier part failed. */
export type HealthFacts = {
  settings: SettingsFacts;
  app: AppFacts | null;
  identity: Known<ServiceIdentity> | null;
  repositories: CheckedRepository[];
  services: ServiceFact[];
  tools: ToolFact[];
};

/** Judges the facts: every check gives a finding, also if it is ok. */
export function judgeHealth({ settings, app, identity, repositories, services, tools }: HealthFacts): HealthFinding[] {
  return [
    ...judgeSettings(settings),
    ...(app === null ? [] : judgeApp(app)),
    ...(identity === null ? [] : judgeRepositories(identity, repositories)),
    ...judgeModels(services),
    ...judgeTools(tools),
  ];
}

function judgeRepositories(
  identity: Known<ServiceIdentity>,
  repositories: readonly CheckedRepository[],
): HealthFinding[] {
  if (identity.known && repositories.length === 0) {
    const next = `Someone who administers a repository adds it to the installation of \`${identity.value.ourselves.slug}\`.`;
    return [findingsOf("github", null).fail("installed", "The App is installed on no repository.", next)];
  }
  if (identity.known) return repositories.flatMap((one) => judgeRepository(one, identity.value));
  const next = "Run this again; without it no rule can be compared with this App.";
  return [findingsOf("github", null).unknown("bot", `The App's own account cannot be read: ${identity.why}`, next)];
}
