import type { Reason } from "../../schemas/verdict.ts";
import { readTrace } from "../analysis/remediation-trace.ts";
import type { Change, FileText, LoadedPolicy } from "../facts.ts";
import { addedFiles, emptyReason } from "../paths/added-files.ts";
import { anyOf, patternList } from "../paths/pattern-list.ts";
import { matcher } from "../paths/patterns.ts";
import { authorOf, defineGate, notApplicable, notConfigured, policyLine, result, unknownResult } from "./gate.ts";

const name = "remediation";

/** The changes of production surfaces, including look-alikes of their names, and the files that may be their trace. */
function touchedAndTraces(
  changes: readonly Change[],
  { policy }: LoadedPolicy,
): { touched: Change[]; traces: Change[] } {
  const { surfaces = [], files = [] } = policy.gates[name] ?? {};
  const surface = matcher(surfaces, "deny");
  const touched = changes.filter(({ path }) => surface.matches(path) !== null);
  return { touched, traces: touched.length === 0 ? [] : addedFiles(changes, files) };
}

type TraceProblem = { path: string; code: string; message: string; step: string };

/** What is wrong with one trace; null if it is complete and says that the failure is fixed or mitigated. */
function traceProblem(path: string, file: FileText | undefined): TraceProblem | null {
  const { after } = file ?? { after: { state: "absent" } as const };
  const why = emptyReason(after);
  if (why !== null || after.state !== "text") {
    const message = `The remediation trace ${why}.`;
    return { path, code: "trace-unreadable", message, step: "Write the trace as text." };
  }
  const trace = readTrace(path, after.text);
  if (trace === null) {
    const message = "The remediation trace is not a JSON object.";
    return { path, code: "trace-not-json", message, step: "Mend the file, or write it in Markdown." };
  }
  // An open failure is reported first: it stays open however well the rest is written.
  if (trace.status === "open") {
    const message = "The remediation trace says that the failure is still open.";
    const step = "Mend the failure, prove it, and write `fixed` or `mitigated` as the final status.";
    return { path, code: "still-open", message, step };
  }
  if (trace.missing.length > 0) {
    const parts = trace.missing.map((part) => `\`${part}\``).join(", ");
    const message = `The remediation trace does not tell: ${parts}.`;
    const step = "Write each as a heading, or as a line such as `origin: #12`, with its answer below or after it.";
    return { path, code: "part-missing", message, step };
  }
  if (trace.status !== null) return null;
  const message = "The remediation trace has a final status that is none of `fixed`, `mitigated` and `open`.";
  const step = "Let the final status be one of these words, alone on its line.";
  return { path, code: "status-unclear", message, step };
}

/**
 * A change of a production surface adds a trace of what was broken, where it was found, how to reproduce it and how the
 * fix was proved. One complete trace is enough, unless any added trace says that its failure is still open.
 */
export const remediation = defineGate({
  name,
  group: "content",
  settings: ({ gates }) => gates[name] ?? notConfigured("The policy names no production surfaces."),
  needs: ["changes"],
  lists({ gates }) {
    const { surfaces, files } = gates[name] ?? {};
    const traced = `a change of it needs a remediation trace in ${anyOf(files ?? [])}`;
    return [
      patternList(`gates.${name}.surfaces`, "deny", surfaces, traced),
      {
        ...patternList(`gates.${name}.files`, "allow", files, "it can hold a remediation trace"),
        mayBeAbsent: true,
      },
    ];
  },
  reads: ({ changes }, policy) => touchedAndTraces(changes, policy).traces.map(({ path }) => path),
  judge(facts, policy, settings) {
    const { touched, traces } = touchedAndTraces(facts.changes, policy);
    const [first] = touched;
    if (first === undefined)
      return notApplicable(name, "surfaces-untouched", "The change touches no production surface.");
    const who = authorOf(facts);
    const count = `${touched.length} ${touched.length === 1 ? "file" : "files"}`;
    const wanted = anyOf(settings.files);
    if (traces.length === 0) {
      const message = `The change touches ${count} of production surfaces (first: this one) and brings no remediation trace in ${wanted}.`;
      const next = { step: `Add a remediation trace in ${wanted} to this change.`, who };
      const line = policyLine(policy, `gates.${name}.surfaces`);
      return result(name, "fail", { code: "trace-missing", message, path: first.path, ...line, next });
    }
    if (!facts.texts.known) return unknownResult(name, "texts-unknown", facts.texts);
    const texts = new Map(facts.texts.value.map((file) => [file.path, file]));
    const findings = traces.flatMap(({ path }) => traceProblem(path, texts.get(path)) ?? []);
    const open = findings.filter(({ code }) => code === "still-open");
    if (open.length === 0 && findings.length < traces.length) {
      const message = `The change touches ${count} of production surfaces and brings a whole remediation trace.`;
      return result(name, "pass", { code: "traced", message });
    }
    const line = policyLine(policy, `gates.${name}.files`);
    const reasons = (open.length > 0 ? open : findings).map(
      ({ path, code, message, step }): Reason => ({ code, message, path, ...line, next: { step, who } }),
    );
    return result(name, "fail", ...reasons);
  },
});
