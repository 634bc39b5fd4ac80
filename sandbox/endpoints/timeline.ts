/** The history of issues: events, and in the timeline comments among them. */

import { presentEvent, presentTimelineComment } from "../present/events.ts";
import { readIssues } from "../request/access.ts";
import { ifFound, ok } from "../request/answer.ts";
import { readIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { repoRoute } from "../request/route.ts";
import type { Issue, IssueEvent, Repository } from "../state/model.ts";

const EVENTS = "/repos/:owner/:repo/issues/events";
const ISSUE = "/repos/:owner/:repo/issues/:number";

/** These are in the timeline but not among the events. */
const TIMELINE_ONLY = new Set(["commented", "committed", "reviewed"]);

export const timelineRoutes = [
  repoRoute(`GET ${EVENTS}`, readIssues, (call) =>
    listing(call, eventsOf(call.repository), (event) => presentEvent(event, true)),
  ),
  repoRoute(`GET ${EVENTS}/:event`, readIssues, (call) => {
    const found = eventsOf(call.repository).find(({ id }) => id === Number(call.params.event));
    return ifFound(found, (event) => ok(presentEvent(event, true)));
  }),
  readIssueRoute(`${ISSUE}/events`, (call) => listing(call, call.issue.events.filter(isEvent), presentEvent)),
  readIssueRoute(`${ISSUE}/timeline`, (call) => listing(call, timelineOf(call.issue), ({ show }) => show())),
];

function isEvent(event: IssueEvent): boolean {
  return !TIMELINE_ONLY.has(event.event);
}

/** Newest first, as GitHub lists them for a whole repository. */
function eventsOf(repository: Repository): IssueEvent[] {
  const events = repository.issues.flatMap((issue) => issue.events).filter(isEvent);
  return events.sort((one, other) => other.id - one.id);
}

/** Ids increase over time on the whole server, so they sort events and comments together. */
function timelineOf({ events, comments }: Issue): { id: number; show: () => unknown }[] {
  const items = [
    ...events.filter(isEvent).map((event) => ({ id: event.id, show: () => presentEvent(event) })),
    ...comments.map((comment) => ({ id: comment.id, show: () => presentTimelineComment(comment) })),
  ];
  return items.sort((one, other) => one.id - other.id);
}
