/** The history of issues: events, and in the timeline comments among them. */

import { presentEvent, presentTimelineComment } from "../present/events.ts";
import { readIssues } from "../request/access.ts";
import { notFound, ok } from "../request/answer.ts";
import { readIssueRoute } from "../request/issue-route.ts";
import { listing } from "../request/paging.ts";
import { type Route, repoRoute } from "../request/route.ts";
import type { State } from "../state/memory.ts";
import type { Issue, IssueEvent, Repository } from "../state/model.ts";

const EVENTS = "/repos/:owner/:repo/issues/events";
const ISSUE = "/repos/:owner/:repo/issues/:number";

/** These are in the timeline but not among the events. */
const TIMELINE_ONLY = new Set(["commented", "committed", "reviewed"]);

export const timelineRoutes: Route[] = [
  repoRoute(`GET ${EVENTS}`, readIssues, (call) =>
    listing(call, eventsOf(call.repository), (event) => presentEvent(call.state, event, true)),
  ),
  repoRoute(`GET ${EVENTS}/:event`, readIssues, (call) => {
    const event = eventsOf(call.repository).find(({ id }) => id === Number(call.params.event));
    return event === undefined ? notFound() : ok(presentEvent(call.state, event, true));
  }),
  readIssueRoute(`${ISSUE}/events`, (call) =>
    listing(call, call.issue.events.filter(isEvent), (event) => presentEvent(call.state, event)),
  ),
  readIssueRoute(`${ISSUE}/timeline`, (call) =>
    listing(call, timelineOf(call.state, call.issue), ({ shown }) => shown()),
  ),
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
function timelineOf(state: State, issue: Issue): { id: number; shown: () => unknown }[] {
  const events = issue.events
    .filter(isEvent)
    .map((event) => ({ id: event.id, shown: () => presentEvent(state, event) }));
  const comments = issue.comments.map((comment) => ({
    id: comment.id,
    shown: () => presentTimelineComment(state, comment),
  }));
  return [...events, ...comments].sort((one, other) => one.id - other.id);
}
