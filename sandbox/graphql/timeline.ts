/** A pull request's timeline in GraphQL: only the events of a changed base branch. */
import { GraphQLError } from "graphql";
import type { IssueEvent, Pull } from "../state/model.ts";
import { actorNode } from "./asker.ts";
import { connection, type Window } from "./connection.ts";

type TimelineWindow = Window & { itemTypes?: string[] | null };

/** The sandbox never changes a base automatically, so there are no events of the second kind. */
const told = new Set(["BASE_REF_CHANGED_EVENT", "AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT"]);

export function timelineItems(pull: Pull, { itemTypes, ...window }: TimelineWindow) {
  const asked = itemTypes ?? ["every type"];
  const untold = asked.find((one) => !told.has(one));
  if (untold !== undefined) throw new GraphQLError(`the sandbox does not list timeline items of ${untold}`);
  const changes = asked.includes("BASE_REF_CHANGED_EVENT")
    ? pull.issue.events.filter(({ event }) => event === "base_ref_changed")
    : [];
  return connection("timelineItems", changes, window, baseChange);
}

function baseChange({ id, nodeId, actor, createdAt, base }: IssueEvent) {
  return {
    __typename: "BaseRefChangedEvent",
    id: nodeId,
    databaseId: id,
    actor: actorNode(actor),
    createdAt,
    previousRefName: base?.from,
    currentRefName: base?.to,
  };
}
