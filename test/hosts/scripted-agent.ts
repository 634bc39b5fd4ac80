import { type FixtureResponse, LLMock } from "@copilotkit/aimock";
import type { Models } from "../../app/demo/models.ts";
import type { Plan } from "../../schemas/plan.ts";
import { call } from "./model-service.ts";

/** A plan with one prompt. */
export const plan: Plan = {
  approach: "One small step.",
  risks: [],
  unknowns: [],
  risk: "high",
  acceptance: ["It is there."],
  manualTest: null,
  prompts: [
    {
      title: "Add a file",
      objective: "A file is there that says what it is.",
      role: "demo",
      paths: ["sallyport-demo/**"],
      inputs: ["README.md"],
      nonGoals: ["Nothing else."],
      acceptance: ["It is there."],
      output: ["The file."],
      evidence: [],
      dependsOn: [],
    },
  ],
};

/** What the agent answers when it writes the plan's file, and when it says that it is done. */
export const write = (content: string) => call("write", { path: "sallyport-demo/file.txt", content });
export const done = call("finish", {
  summary: "Done.",
  claims: [{ criterion: "It is there.", how: "Written." }],
});

/** A model service whose answers the journey writes. */
export function scriptAgent() {
  const service = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  /** Answers with a plan from now on, and with nothing else. */
  const propose = (proposed: Plan): void => {
    service.clearFixtures();
    const response = call("propose_plan", proposed);
    service.addFixture({ match: { systemMessage: "You plan a story" }, response });
  };
  return {
    service,
    propose,
    /** Answers with the plan from now on, and in any other talk with these, turn by turn. */
    answer(...turns: FixtureResponse[]): void {
      propose(plan);
      for (const [turnIndex, response] of turns.entries()) {
        service.addFixture({ match: { turnIndex }, response });
      }
    },
    async start(): Promise<Models> {
      await service.start();
      return { url: service.url, close: () => service.stop() };
    },
  };
}
