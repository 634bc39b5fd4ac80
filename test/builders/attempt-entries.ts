import type { Draft } from "../../core/entries.ts";

type Name = "ask" | "answer" | "refuse" | "accept" | "capture" | "commit" | "end";
type More = { run?: string; prompt?: number; r?: number; s?: number; pack?: string; answer?: string };

/** Something that happens to an attempt, for short; at prompt 11, R0/S0 of run-7-1, where it says nothing else. */
export type Act = Name | [Name, More];

/** The entry that records an act; digests are one letter, repeated. */
export function acted(act: Act): Draft {
  const [name, more] = typeof act === "string" ? [act, {}] : act;
  const { run = "run-7-1", prompt = 11, r = 0, s = 0, pack = "a", answer = "b" }: More = more;
  const step = { run, story: 7, prompt, attempt: { r, s } };
  const actor = { type: "app" as const, id: 41, login: "sallyport[bot]" };
  const usage = { model: "m", calls: 1, inputTokens: 1, outputTokens: 1 };
  const ref = (letter: string) => ({ sha256: letter.repeat(64), bytes: 1, mediaType: "application/json" });
  const common = { actor, subject: [{ digest: { gitCommit: "2".repeat(40) } }] };
  const sha = (letter: string) => letter.repeat(40);
  switch (name) {
    case "ask":
      return {
        ...common,
        kind: "prompt.recorded",
        body: { ...step, base: sha("1"), branch: "b", pack: ref(pack) },
      };
    case "answer": {
      const body = {
        ...step,
        result: ref(answer),
        outcome: "finished" as const,
        code: "finished",
        files: [],
      };
      return { ...common, kind: "response.recorded", body: { ...body, usage, seconds: 1 } };
    }
    case "refuse":
    case "accept":
      return {
        ...common,
        kind: "attempt.closed",
        body: { ...step, accepted: name === "accept", reasons: [] },
      };
    case "capture": {
      const hashes = { promptSha256: pack.repeat(64), responseSha256: answer.repeat(64) };
      const body = { ...step, base: sha("1"), ...hashes, files: [], role: "web", usage, seconds: 1 };
      return { ...common, kind: "evidence.captured", body };
    }
    case "commit": {
      const body = { ...step, branch: "b", commit: sha("2"), tree: sha("3"), parent: sha("1") };
      return { ...common, kind: "change.committed", body };
    }
    case "end":
      return {
        ...common,
        kind: "run.closed",
        body: { run, story: 7, status: "cancelled", reason: "stopped" },
      };
  }
}
