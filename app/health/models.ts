import { messageOf } from "../../core/errors.ts";
import type { ServiceFact } from "../../core/health/models.ts";
import type { ModelService } from "../../schemas/policy-agents.ts";
import { dialects } from "../agents/dialects.ts";
import type { ModelAccess } from "../settings/config.ts";

/** How long a service may take to answer, in milliseconds. */
const timeoutMs = 10_000;

/** Asks a service for its list of models, to check the key. This costs no tokens. */
export async function probeService(service: ModelService, { apiKey, baseUrl }: ModelAccess): Promise<ServiceFact> {
  const dialect = dialects[service];
  const about = { backend: service, setting: dialect.setting };
  if (apiKey === null) return { ...about, state: "no-key", detail: "" };
  try {
    await dialect.listModels({ apiKey, baseUrl }, timeoutMs);
    return { ...about, state: "answers", detail: "" };
  } catch (error) {
    const refusal = dialect.refusalIn(error);
    const detail = messageOf(error);
    if (refusal === null) return { ...about, state: "other", detail };
    const { status } = refusal;
    if (status === undefined) return { ...about, state: "unreachable", detail: causeOf(error) };
    if (status >= 300 && status < 400)
      return { ...about, state: "unreachable", detail: `it sends us to another address (${status})` };
    if (status === 401 || status === 403) return { ...about, state: "unauthorised", detail };
    return { ...about, state: status === 404 || status === 405 ? "no-list" : "other", detail };
  }
}

/** The underlying cause of a failed connection, such as a refused port: the client's own message is always the same. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const below = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return below instanceof Error && below.message !== "" ? below.message : messageOf(error);
}
