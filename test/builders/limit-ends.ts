import type { StepResult } from "../../schemas/step.ts";

/** How an agent's work ends at each limit, by the words that people read: of our own agent, and of a program. */
export const limitEnds = {
  turns: ["turns-exceeded", "the work was not finished after 2 turns"],
  calls: ["turns-exceeded", "more than 2 calls were made"],
  tokens: ["tokens-exceeded", "more than 1 tokens were used"],
  money: [
    "money-exceeded",
    "the budget of the story is used up; a maintainer raises `agents.budget.story` in the policy",
  ],
  "the model's silence": ["silence", "the model said nothing for 3 s"],
  "the program's silence": ["silence", "custom was ended: the program said nothing for 3 s"],
  "our agent's time": ["time-exceeded", "the time for this work is used up"],
  "the program's time": ["time-exceeded", "custom was ended: the time for this work is used up"],
  memory: ["memory-exceeded", "custom was ended: it used more than 157286400 bytes of memory"],
} as const satisfies Record<string, readonly [StepResult["code"], string]>;

export type LimitEnd = keyof typeof limitEnds;
