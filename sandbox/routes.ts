/** Every REST route, and GraphQL's two; of two that fit a path the earlier one answers. */
import { appRoutes } from "./apps.ts";
import { assigneeRoutes } from "./assignees.ts";
import { checkRunRoutes } from "./check-runs.ts";
import { checkSuiteRoutes } from "./check-suites.ts";
import { collaboratorRoutes } from "./collaborators.ts";
import { commentRoutes } from "./comments.ts";
import { contentWriteRoutes } from "./content-writes.ts";
import { contentRoutes } from "./contents.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { dependencyRoutes } from "./dependencies.ts";
import { gitObjectRoutes } from "./git-objects.ts";
import { gitRefRoutes } from "./git-refs.ts";
import { graphqlRoutes } from "./graphql.ts";
import { commitRoute, historyRoutes } from "./history.ts";
import { issueRoutes } from "./issues.ts";
import { labelRoutes } from "./labels.ts";
import { mergeRoutes } from "./merges.ts";
import { protectionRoutes } from "./protection.ts";
import { pullRoutes } from "./pulls.ts";
import { reactionRoutes } from "./reactions.ts";
import { branchRoute, repositoryRoutes } from "./repositories.ts";
import { reviewCommentRoutes } from "./review-comments.ts";
import { reviewRoutes } from "./reviews.ts";
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
  ...appRoutes,
  ...deliveryRoutes,
  ...repositoryRoutes,
  ...gitRefRoutes,
  ...gitObjectRoutes,
  ...contentRoutes,
  ...contentWriteRoutes,
  ...historyRoutes,
  ...pullRoutes,
  ...mergeRoutes,
  ...reviewRoutes,
  ...reviewCommentRoutes,
  ...protectionRoutes,
  ...graphqlRoutes,
  branchRoute,
  commitRoute,
];
