import type { ModelService } from "../../schemas/policy-agents.ts";
import { anthropic } from "./anthropic.ts";
import type { Dialect } from "./dialect.ts";
import { google } from "./google.ts";
import { openai } from "./openai.ts";

/** All services by the name that policies use. */
export const dialects: Readonly<Record<ModelService, Dialect>> = { anthropic, openai, google };
