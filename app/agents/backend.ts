import { runAnthropic } from "./anthropic.ts";
import type { Backend } from "./run.ts";

/** All backends by the name that policies use. */
export const backends: Readonly<Record<string, Backend>> = { anthropic: runAnthropic };
