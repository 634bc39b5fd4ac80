import { config } from "zod";

// The process reads one policy and ends: compiling the schema's checks would take longer than running them. Must be set
// before the schema is made.
config({ jitless: true });

/** Parses a policy's content, in a process that reads one policy and ends. */
export const { policyReading } = await import("../../../collect/policy/file.ts");
