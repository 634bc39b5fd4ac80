import { actorFragment } from "../github/people.ts";
import { policyFields } from "../policy/from-query.ts";

/**
 * Everything about a pull request that can change, in one query. Where a listing has more than one page, or a part may
 * not be read, that part is read by REST. The tests check every field against GitHub's published schema.
 */
export const pullQuery = `query SallyportPull($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    databaseId
    nameWithOwner
    defaultBranchRef {
      name
      target {
        ${policyFields}
      }
    }
    pullRequest(number: $number) {
      state
      title
      body
      isDraft
      createdAt
      lastEditedAt
      changedFiles
      author { ...actor }
      mergedBy { ...actor }
      mergeCommit { oid tree { oid } }
      baseRefName
      baseRefOid
      baseRef { target { __typename oid } }
      headRefName
      headRefOid
      labels(first: 100) { pageInfo { hasNextPage } nodes { name } }
      reviews(first: 100) {
        pageInfo { hasNextPage }
        nodes { fullDatabaseId author { ...actor } body state submittedAt commit { oid } }
      }
      commits(first: 100) {
        pageInfo { hasNextPage }
        nodes { commit { oid message tree { oid } parents(first: 10) { pageInfo { hasNextPage } nodes { oid } } } }
      }
      retargets: timelineItems(
        last: 1
        itemTypes: [BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]
      ) {
        nodes {
          ... on BaseRefChangedEvent { createdAt }
          ... on AutomaticBaseChangeSucceededEvent { createdAt }
        }
      }
      last: commits(last: 1) { nodes { commit { ...head } } }
    }
  }
}
${actorFragment}
fragment head on Commit {
  oid
  checkSuites(first: 100) {
    pageInfo { hasNextPage }
    nodes {
      databaseId
      createdAt
      app { databaseId slug }
      checkRuns(first: 100, filterBy: { checkType: ALL }) {
        pageInfo { hasNextPage }
        nodes { databaseId name status conclusion externalId }
      }
    }
  }
  associatedPullRequests(first: 100) {
    pageInfo { hasNextPage }
    nodes { number state headRefOid }
  }
}`;
