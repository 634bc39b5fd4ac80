import { readAddedLines } from "../../../collect/git/added-lines.ts";
import { gitObjects } from "../../../collect/git/objects.ts";
import { comparePatches } from "../../../collect/git/patch-id.ts";
import { lastEntry } from "../../../core/entries.ts";
import { jsonText } from "../../../core/escape.ts";
import { assembleAdoption } from "../../../core/evidence/adoption-bundle.ts";
import { agentTrace } from "../../../core/evidence/agent-trace.ts";
import { assembleBundle } from "../../../core/evidence/bundle.ts";
import { testResult } from "../../../core/evidence/test-result.ts";
import { lastVerdict } from "../../../core/evidence/vsa.ts";
import { bodyPath } from "../../../core/ledger/branch.ts";
import { Bundle } from "../../../schemas/evidence.ts";
import type { Io } from "../../terminal/io.ts";
import { adoptionMarkdown } from "./adoption-text.ts";
import { bundleMarkdown } from "./bundle-text.ts";
import { stop, wholeNumber } from "./input.ts";
import type { KeyOptions } from "./trusted-keys.ts";
import { readVerified, unreadProblem, type VerifiedLedger } from "./verified-entries.ts";

/** Forms of the evidence that readers outside know. */
export const forms = ["agent-trace", "test-result"] as const;

export type BundleOptions = KeyOptions & {
  pr: string;
  json?: boolean;
  html?: boolean;
  form?: (typeof forms)[number];
};

/**
 * `ledger bundle`: prints the evidence of a pull request, or the adoption bundle of an adopted head. Exit 0 when it
 * exists and nothing contradicts it; 1 when there is none, the ledger is not in order, or something else was merged
 * than what was judged a success; 2 when that cannot be decided.
 */
export async function printBundle(io: Io, name: string, options: BundleOptions): Promise<void> {
  const pull = wholeNumber(options.pr);
  if (pull === null) return stop(io, "bundle", "--pr takes a pull request's number", 2);
  if ([options.json, options.html, options.form].filter((one) => one !== undefined).length > 1)
    return stop(io, "bundle", "--json, --html and --form do not go together: leave all but one out", 2);
  const ledger = await readVerified(io, "bundle", name, options);
  if (ledger === null) return;
  const unread = unreadProblem(ledger, pull);
  if (unread !== null) return stop(io, "bundle", unread, 2);
  const { entries, repository, source } = ledger;
  const assembled = assembleBundle(entries, pull, {
    repository,
    body: (sha256) => {
      const bytes = source.files.get(bodyPath(sha256));
      return bytes === undefined ? null : Buffer.from(bytes).toString("utf8");
    },
  });
  const bundle = assembled ?? assembleAdoption(entries, pull, repository);
  if (bundle === null)
    return stop(
      io,
      "bundle",
      `the ledger holds no prompt and answer that became the head of #${pull}, and nobody adopted it; \`ledger show --pr ${pull}\` prints what it holds`,
      1,
    );
  const merge = await compared(io, ledger, bundle);
  const shown = Bundle.parse({ ...bundle, merge });
  if (options.form !== undefined) return printForm(io, options.form, shown, ledger);
  if (options.json === true) io.out(`${jsonText(shown)}\n`);
  else if (options.html === true) io.out(await htmlOf(shown, ledger));
  else io.out(shown.state === "adopted" ? adoptionMarkdown(shown) : bundleMarkdown(shown));
  io.exit(merge !== null && (!merge.judged || merge.change === "another") ? 1 : 0);
}

/** Prints the evidence in a form of others; exit 1 where there is nothing that this form could say. */
async function printForm(
  io: Io,
  form: (typeof forms)[number],
  bundle: Bundle,
  { entries, source }: VerifiedLedger,
): Promise<void> {
  const refuse = (why: string, status: 1 | 2) => stop(io, "bundle", why, status);
  const { pull, commit } = bundle;
  if (form === "test-result") {
    const statement = testResult(bundle, lastVerdict(entries, pull, commit)?.body.policy?.blob ?? null);
    if (statement === null) return refuse(`no checks on the head of #${pull} were sealed`, 1);
    io.out(`${jsonText(statement)}\n`);
    return io.exit(0);
  }
  if (bundle.state === "adopted") return refuse(`no recorded answer became the head of #${pull}`, 1);
  if (source.kind !== "git") return refuse("an agent-trace names lines, and the files lie in a clone", 2);
  const objects = gitObjects(source.path);
  const paths = bundle.files.map(({ path }) => path);
  const files = await readAddedLines(objects, bundle, paths).finally(() => objects.close());
  if (!files.known) return refuse(`${files.why}; fetch it: git fetch origin refs/pull/${pull}/head`, 2);
  const toAgent = lastEntry(
    entries,
    "handoff.made",
    ({ body }) => body.prompt === bundle.prompt && body.to.stage === "execute",
  );
  const service = /^agent:([^/]+)\//.exec(toAgent?.body.to.holder ?? "")?.[1] ?? null;
  io.out(`${jsonText(agentTrace(bundle, service, files.value))}\n`);
  io.exit(0);
}

/** The evidence page as one file. Loaded for it alone. */
async function htmlOf(bundle: Bundle, { entries, repository }: VerifiedLedger): Promise<string> {
  const { evidenceFile } = await import("../../pages/evidence.ts");
  const last = entries.at(-1);
  const texts = bundle.state === "adopted" ? {} : { told: bundle.rawPrompt, answered: bundle.rawResponse };
  const head = last === undefined ? null : `${last.seq}:${last.hash}`;
  return evidenceFile({ repository, pull: bundle.pull, entries, head, places: null, ...texts });
}

/** The merge with the two changes compared, if the trees differ and the ledger lies in a clone that has both. */
async function compared(
  io: Io,
  { entries, source }: VerifiedLedger,
  { merge, pull, commit: head, ...bundle }: Bundle,
): Promise<Bundle["merge"]> {
  if (merge === null || merge.change !== "not-compared" || source.kind !== "git") return merge;
  const base = lastVerdict(entries, pull, head)?.body.base ?? ("base" in bundle ? bundle.base : null);
  if (base === null) {
    io.err("what was merged is not compared with what was judged: the ledger has no verdict on its head\n");
    return merge;
  }
  const patches = await comparePatches(source.path, { base, head, merged: merge.commit });
  if (!patches.known) {
    io.err(`what was merged is not compared with what was judged: ${patches.why}\n`);
    return merge;
  }
  const { same, judged, merged } = patches.value;
  return { ...merge, change: same ? "same-patch" : "another", patchIds: { judged, merged } };
}
