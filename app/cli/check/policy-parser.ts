import { config } from "zod";

// One policy is read and the process ends: compiling the schema's checks would take longer than running them. To be said
// before the schema is made.
config({ jitless: true });

/** Parses a policy's content, in a process that reads one policy and ends. */
export const { policyReading } = await import("../../../collect/policy/file.ts");
