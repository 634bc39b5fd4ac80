import type { ModelService } from "../../schemas/policy-agents.ts";
import { anthropicPassage } from "./anthropic-passage.ts";
import { googlePassage } from "./google-passage.ts";
import { openaiPassage } from "./openai-passage.ts";
import type { Passage } from "./passage.ts";

/** All services by the name that policies use. */
export const passages: Readonly<Record<ModelService, Passage>> = {
  anthropic: anthropicPassage,
  openai: openaiPassage,
  google: googlePassage,
};
