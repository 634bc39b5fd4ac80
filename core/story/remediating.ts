import type { Step } from "../decision.ts";
import { appActor, type Draft } from "../entries.ts";
import { endOf, failuresOf } from "../remediations.ts";
import type { StoryContext } from "../story-facts.ts";

/** Records what failed, once for each prompt of a run, and later what became of it. */
export function remediate({ record, facts }: StoryContext): Step {
  const actor = appActor(facts);
  const known = new Set(record.remediations.map(({ opened }) => opened.remediation));
  const opened = failuresOf(record).flatMap((body): Draft[] =>
    known.has(body.remediation)
      ? []
      : [
          {
            kind: "remediation.opened",
            actor,
            subject: [{ name: body.remediation, digest: { sha256: body.signature.sha256 } }],
            body,
          },
        ],
  );
  const closed = record.remediations.flatMap((one): Draft[] => {
    const body = one.closed === null ? endOf(record, one.opened) : null;
    if (body === null) return [];
    const subject =
      body.by.type === "merge" ? [{ name: body.remediation, digest: { gitCommit: body.by.merged } }] : [];
    return [{ kind: "remediation.closed", actor, subject, body }];
  });
  return { drafts: [...opened, ...closed] };
}
