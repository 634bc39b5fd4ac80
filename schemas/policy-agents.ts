import * as z from "zod";
import { count, plainFile, seconds } from "./policy-values.ts";
import { Sha } from "./text.ts";

const trailer = z
  .string()
  .max(200)
  .regex(/^[A-Za-z]+(?:-[A-Za-z]+)*: [^\s\p{Cc}][^\p{Cc}]*$/u, "write one line such as `Assisted-by: {agent}:{model}`")
  .refine(
    (line) => !/^(?:signed-off-by|co-authored-by|sallyport-)/i.test(line),
    "an agent signs nothing off and is no co-author",
  )
  .refine(
    (line) => !/[{}]/.test(line.replace(/\{(?:agent|model|run)\}/g, "")),
    "it knows `{agent}`, `{model}` and `{run}`",
  );

const Limits = z.strictObject({
  runtime: seconds.default(1_200).describe("Seconds, or a form such as `20m`."),
  silence: seconds.default(180).describe("Longest wait for the model's next word."),
  turns: count.default(60),
  tokens: count.default(400_000),
  rework: z.int().min(0).max(20).default(3),
});
/** The limits of an agent's attempts, with defaults filled in. */
export type Limits = z.output<typeof Limits>;

/** The services that run agents. */
export const ModelService = z.enum(["anthropic", "openai", "google"]).describe("The service that runs the agent.");
export type ModelService = z.infer<typeof ModelService>;

const model = z.string().min(1).max(100).describe("As the service names it: an answer of another model is refused.");

/** How hard a model thinks before it answers; a service whose hardest is `high` is asked for that. */
const effort = z.enum(["low", "medium", "high", "xhigh", "max"]);
export type Effort = z.infer<typeof effort>;

/**
 * The agent programs that can talk with a model in place of our own, and the one service that each of them can use;
 * null: any.
 */
const tools = { claude: "anthropic", codex: "openai", gemini: "google", opencode: null, custom: null } as const;
export type ToolName = keyof typeof tools;

const toolForm = /^(?:(?:claude|codex|gemini|opencode)@\d[\w.+-]{0,40}|custom(?:@[\w.+-]{1,40})?)$/;
const tool = z
  .string()
  .regex(
    toolForm,
    "write a program and its exact version, such as `claude@2.1.332`: `claude`, `codex`, `gemini`, `opencode` or `custom`",
  )
  .describe(
    "The program that does the work with this service's model, in a sandbox on the machine of the service: `claude`, `codex`, `gemini` or `opencode` with `@` and its exact version, or `custom` for one of your own. Absent: Sallyport's own agent, which runs nothing.",
  );

const isTool = (name: string): name is ToolName => Object.hasOwn(tools, name);

/** A program's name and its exact version, as the policy writes them; `version` null: any. */
export function toolIn(text: string): { name: ToolName; version: string | null } {
  const [name = "", version = null] = text.split("@");
  return { name: isTool(name) ? name : "custom", version };
}

const rate = z.number().min(0).max(100_000);

/** What a model costs, per million tokens; what a service does not charge apart costs as much as what is read anew. */
export const Price = z.strictObject({
  input: rate,
  cached: rate.optional().describe("For tokens that the service had in its cache. Absent: as `input`."),
  cacheWrite: rate.optional().describe("For tokens that it puts there. Absent: as `input`."),
  output: rate.describe("For what the model writes, and what it thinks before."),
});
export type Price = z.infer<typeof Price>;

const Prices = z.strictObject({
  currency: z.string().regex(/^[A-Z]{3}$/, "write a currency by its three letters, such as `USD`"),
  models: z.record(z.string().min(1).max(100), Price),
});

const amount = z.number().positive().max(1_000_000_000).optional();

const Budget = z.strictObject({
  attempt: amount.describe("The most for one attempt at a diff prompt, one plan, or one reading by a reviewer."),
  story: amount.describe("The most for one story, with its plans, attempts and readings."),
  day: amount.describe("The most for the repository in one day (UTC). What would go beyond it waits for the next."),
  campaign: amount.describe("The most for the repository at all, until somebody raises it."),
});
/** What a repository's agents may cost, in the currency of the policy's prices; a part that is absent has no limit. */
export type Budget = z.infer<typeof Budget>;

/**
 * The workflow in whose runs programs work in place of the service's machine: its path, and the id that git gives its
 * content, so that a run of any other version is refused.
 */
export const ActionsWorkflow = z.strictObject({
  workflow: z
    .string()
    .regex(/^\.github\/workflows\/[\w-][\w.-]{0,80}\.ya?ml$/, "name a file in `.github/workflows/`")
    .describe("The file on the default branch, as `sallyport init --actions` writes it."),
  blob: Sha.describe("The id of its content: `git rev-parse HEAD:<the file>`."),
});
export type ActionsWorkflow = z.infer<typeof ActionsWorkflow>;

/** The part of the policy that says which models work, and within which limits. */
export const Agents = z
  .strictObject({
    default: ModelService.default("anthropic"),
    planner: ModelService.or(z.strictObject({ use: ModelService, model: model.optional(), effort: effort.optional() }))
      .optional()
      .describe("The service that plans, or `use` and `model`. Absent: as `default`."),
    model: model
      .optional()
      .describe(
        "The model of all whose service is `default`, unless they name another. `openai` and `google` have none of their own.",
      ),
    routes: z
      .array(
        z
          .strictObject({
            name: z
              .string()
              .regex(/^[a-z][a-z0-9-]{0,39}$/, "a route's name is lower-case")
              .optional()
              .describe(
                "`/run with <name>` chooses it, or `/plan with <name>` the planner's, by whoever may give that command; routes of one name are chosen together. Absent: it is its role's.",
              ),
            label: z.string().min(1).max(50).optional().describe("A label of the story chooses it too."),
            role: z
              .string()
              .optional()
              .describe(
                "The role that it serves, or, where `roles` has no such name, `planner` or `reviewer`. Absent, on one with a name: all of `roles`, and not those two.",
              ),
            ...{ use: ModelService, model: model.optional(), tool: tool.optional(), effort: effort.optional() },
            backend: z
              .literal("actions")
              .optional()
              .describe("`actions`: the program works in a run of the workflow that `agents.actions` names."),
          })
          .refine(({ name, role }) => name !== undefined || role !== undefined, {
            message: "say which role it serves, or by which name a run chooses it",
            path: ["role"],
          })
          .refine(({ name, label }) => name !== undefined || label === undefined, {
            message: "a route that a label chooses has a name, which the ledger records",
            path: ["name"],
          })
          .refine(({ use, tool }) => tool === undefined || [null, use].includes(tools[toolIn(tool).name]), {
            message:
              "this program talks with another service: `claude` with `anthropic`, `codex` with `openai`, `gemini` with `google`",
            path: ["tool"],
          })
          .refine(({ backend, tool }) => backend === undefined || tool !== undefined, {
            message: "on Actions a program works: name one, such as `tool: claude@2.1.332`",
            path: ["tool"],
          }),
      )
      .max(50)
      .default([]),
    actions: ActionsWorkflow.optional().describe(
      "The workflow of routes with `backend: actions`. The App needs what `app-actions.yml` asks for besides.",
    ),
    reviewer: z
      .strictObject({
        use: ModelService.optional().describe("Absent: as `default`."),
        ...{ model: model.optional(), effort: effort.optional() },
        tokens: count.default(150_000).describe("The most tokens of one reading; they count for `rework.tokens` too."),
      })
      .optional()
      .describe(
        "An agent that reads what a run wrote against its criteria, before the pull request opens. What it says stands there as advice or, with `reviewer` in `rework.on`, goes back to the writing agent. It approves nothing. Absent: none.",
      ),
    effort: effort
      .optional()
      .describe("How hard models think, where nothing else is said for one. Absent: as their service has it."),
    limits: Limits.prefault({}),
    prices: Prices.optional().describe(
      "What each model costs, from the list of its service, per million tokens. Absent: no money is counted.",
    ),
    budget: Budget.optional().describe(
      "The most that the repository's agents may cost. Before each call the worst that it can cost is counted too.",
    ),
    parallel: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe(
        "How many diff prompts of one run are in work at the same time: those that wait for no other and whose paths do not overlap. One after the other where `gates.casefile` has files written.",
      ),
    trailers: z
      .array(trailer)
      .max(5)
      .default([])
      .describe(
        "Lines that end the message of each commit of a run, beside Sallyport's own, such as `Assisted-by: {agent}:{model}`; `{run}` is known too. None may sign off or name a co-author.",
      ),
    instructions: z
      .array(plainFile)
      .max(5)
      .default([])
      .describe(
        "Files of the default branch, such as `CONTRIBUTING.md`, that planner and agents get as they stand in the commit that the approval names: text of at most 16 KB each.",
      ),
  })
  .refine((agents) => assigned(agents).every(({ use, model }) => use === "anthropic" || model !== null), {
    message: "an agent uses `openai` or `google` without a model: name one here or beside its `use`",
    path: ["model"],
  })
  .refine((agents) => unpriced(agents).length === 0, {
    message: "a budget needs the price of every model: name each model, and its price in `agents.prices.models`",
    path: ["budget"],
  })
  .refine(({ routes, actions }) => actions !== undefined || routes.every(({ backend }) => backend === undefined), {
    message: "a route works on Actions and no workflow is named: `npx sallyport init --actions` prints these lines",
    path: ["actions"],
  });

/** The models whose price a budget needs and lacks; null: one that the policy does not name. */
function unpriced({ budget, prices, ...agents }: Assigning & { budget?: unknown; prices?: Prices | undefined }) {
  if (budget === undefined) return [];
  return assigned(agents).filter(({ model }) => model === null || !Object.hasOwn(prices?.models ?? {}, model));
}

type Prices = z.infer<typeof Prices>;

/** Who works: a service and its model; null: the service's usual one. */
export type Assignment = { use: ModelService; model: string | null };

type Named = { use?: ModelService | undefined; model?: string | undefined };

/** The part of the policy about agents that says who works. */
type Assigning = {
  default: ModelService;
  model?: string | undefined;
  planner?: ModelService | Named | undefined;
  reviewer?: Named | undefined;
  routes: readonly Named[];
};

/** An agent's service and model. The model that stands for all belongs to the default service and is sent to no other. */
export function assignment(agents: Assigning, use = agents.default, model?: string | undefined): Assignment {
  return { use, model: model ?? (use === agents.default ? agents.model : undefined) ?? null };
}

/** Sallyport's own agents beside those of the diff prompts. */
export type OwnAgent = "planner" | "reviewer";

/** The agent of ours that a route serves; null: it serves agents of diff prompts, also if a role of `roles` has that name. */
export function ownAgentOf({ role }: { role?: string | undefined }, roles: Readonly<Record<string, unknown>>) {
  return (role === "planner" || role === "reviewer") && !Object.hasOwn(roles, role) ? role : null;
}

type OwnRoute = { name?: string | undefined; role?: string | undefined; tool?: string | undefined };

/** What is wrong with a route beside the roles of its policy: the key, and why; null: nothing. */
export function routeProblem(
  route: OwnRoute,
  roles: Readonly<Record<string, unknown>>,
  reviewer: unknown,
): { key: keyof OwnRoute; message: string } | null {
  const own = ownAgentOf(route, roles);
  if (own === null) {
    const isKnown = route.role === undefined || Object.hasOwn(roles, route.role);
    return isKnown ? null : { key: "role", message: "a route names a role that `roles` does not have" };
  }
  if (route.name === undefined)
    return {
      key: "name",
      message: `a route of the ${own} has a name: what it uses without a choice stands in \`agents.${own}\``,
    };
  if (route.tool !== undefined)
    return { key: "tool", message: "planner and reviewer are Sallyport's own agents and use no program" };
  if (own === "planner" || reviewer !== undefined) return null;
  return {
    key: "role",
    message: "nobody reviews: `agents.reviewer` asks a reviewer, and a route only says whose model",
  };
}

/** All services and models that a policy lets work, in any part. */
export function assigned(agents: Assigning): Assignment[] {
  const { routes, reviewer } = agents;
  const { planner } = agents;
  const others = [typeof planner === "string" ? { use: planner } : planner, ...routes, reviewer];
  return [assignment(agents), ...others.flatMap((one) => (one ? [assignment(agents, one.use, one.model)] : []))];
}
