import * as z from "zod";

/** How bad it would be if the change were wrong; chosen by the person who wrote the story. */
export const Risk = z.enum(["low", "medium", "high", "critical"]);
export type Risk = z.infer<typeof Risk>;
