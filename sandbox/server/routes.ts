/** Every REST route, and GraphQL's two; of two that match a path the earlier one answers. */
import { manifestRoutes } from "../endpoints/app-manifests.ts";
import { appRoutes } from "../endpoints/apps.ts";
import { artifactRoutes } from "../endpoints/artifacts.ts";
import { assigneeRoutes } from "../endpoints/assignees.ts";
import { checkRoutes } from "../endpoints/checks.ts";
import { collaboratorRoutes } from "../endpoints/collaborators.ts";
import { commentRoutes } from "../endpoints/comments.ts";
import { contentRoutes } from "../endpoints/contents.ts";
import { deliveryRoutes } from "../endpoints/deliveries.ts";
import { gitObjectRoutes } from "../endpoints/git-objects.ts";
import { gitRefRoutes } from "../endpoints/git-refs.ts";
import { commitRoute, historyRoutes } from "../endpoints/history.ts";
import { issueLinkRoutes } from "../endpoints/issue-links.ts";
import { issueRoutes } from "../endpoints/issues.ts";
import { labelRoutes } from "../endpoints/labels.ts";
import { mergeRoutes } from "../endpoints/merges.ts";
import { oauthRoutes } from "../endpoints/oauth.ts";
import { protectionRoutes } from "../endpoints/protection.ts";
import { pullRoutes } from "../endpoints/pulls.ts";
import { branchRoute, repositoryRoutes } from "../endpoints/repositories.ts";
import { reviewCommentRoutes } from "../endpoints/review-comments.ts";
import { reviewRoutes } from "../endpoints/reviews.ts";
import { statusRoutes } from "../endpoints/statuses.ts";
import { teamRoutes } from "../endpoints/teams.ts";
import { timelineRoutes } from "../endpoints/timeline.ts";
import { graphqlRoutes } from "../graphql/graphql.ts";
import type { Route } from "../request/route.ts";
import { workflowRoutes } from "../workflows/workflow-routes.ts";

export const routes: Route[] = [
  ...commentRoutes,
  ...timelineRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...assigneeRoutes,
  ...issueLinkRoutes,
  ...checkRoutes,
  ...workflowRoutes,
  ...artifactRoutes,
  ...statusRoutes,
  ...collaboratorRoutes,
  ...teamRoutes,
  ...appRoutes,
  ...oauthRoutes,
  ...manifestRoutes,
  ...deliveryRoutes,
  ...repositoryRoutes,
  ...gitRefRoutes,
  ...gitObjectRoutes,
  ...contentRoutes,
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
