import { findingsOf, type HealthFinding, retryHint } from "./finding.ts";

/** The result of requesting a model service's list of models, which is free. `detail` is the service's wording. */
export type ServiceFact = {
  backend: string;
  /** What the variables of its key and its address begin with. */
  setting: string;
  state: "answers" | "no-key" | "unauthorised" | "unreachable" | "no-list" | "other";
  detail: string;
};

/** Whether the model services that the policies name can be used. */
export function judgeModels(services: readonly ServiceFact[]): HealthFinding[] {
  return services.map(judgeService);
}

function judgeService({ backend, setting, state, detail }: ServiceFact): HealthFinding {
  const { ok, warn, fail, unknown } = findingsOf("models", backend);
  const check = "model-service";
  switch (state) {
    case "answers":
      return ok(check, "The service takes the key.");
    case "no-key":
      return fail(check, "There is no key: no plan and no run will work; gates do.", `Set ${setting}_API_KEY.`);
    case "unauthorised":
      return fail(check, `The service refuses the key: ${detail}`, `Set ${setting}_API_KEY to one that is valid.`);
    case "unreachable":
      return fail(check, `The service cannot be reached: ${detail}`, `Check ${setting}_BASE_URL and the network.`);
    case "no-list":
      return warn(check, "The service has no list of models, so the key is not proven.", "Ask for a plan, and see.");
    case "other":
      return unknown(check, `The service did not say whether it takes the key: ${detail}`, retryHint);
  }
}
