/** What happened to a pull request, as GraphQL tells it: of all kinds of events, those that a change of its base leaves. */
import { GraphQLError } from "graphql";
import type { IssueEvent, Pull } from "../state/model.ts";
import { actorNode } from "./asker.ts";
import { connection, type Window } from "./connection.ts";

type TimelineWindow = Window & { itemTypes?: string[] | null };

/** Nothing here changes a base by itself, so events of the second kind are none. */
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
