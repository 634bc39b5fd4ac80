/** Every REST route; of two that fit a path the earlier one answers. */
import { assigneeRoutes } from "./assignees.ts";
import { checkRunRoutes } from "./check-runs.ts";
import { checkSuiteRoutes } from "./check-suites.ts";
import { collaboratorRoutes } from "./collaborators.ts";
import { commentRoutes } from "./comments.ts";
import { dependencyRoutes } from "./dependencies.ts";
import { issueRoutes } from "./issues.ts";
import { labelRoutes } from "./labels.ts";
import { reactionRoutes } from "./reactions.ts";
import type { Route } from "./route.ts";
import { statusRoutes } from "./statuses.ts";
import { subIssueRoutes } from "./sub-issues.ts";
import { teamRoutes } from "./teams.ts";
import { timelineRoutes } from "./timeline.ts";

export const routes: Route[] = [
  ...commentRoutes,
  ...timelineRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...assigneeRoutes,
  ...reactionRoutes,
  ...subIssueRoutes,
  ...dependencyRoutes,
  ...checkRunRoutes,
  ...checkSuiteRoutes,
  ...statusRoutes,
  ...collaboratorRoutes,
  ...teamRoutes,
];
