import { sha256 } from "../../core/digest.ts";
import type { Tracing } from "./config.ts";
import { currentCause } from "./log.ts";

type Attributes = Record<string, string | number>;

/** Begins a span of the present cause's trace; what it gives ends the span. Null: nobody wants traces. */
let begin: ((name: string, attributes: Attributes, isFirst: boolean) => (error?: unknown) => void) | null = null;

/**
 * Does work as a span of the trace of its cause, if traces are wanted: all that follows from a delivery, in whatever
 * process, is one trace. `isFirst` is for the delivery itself, or for the job that began without one.
 */
export async function traced<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  isFirst = false,
): Promise<T> {
  if (begin === null) return work();
  const end = begin(name, attributes, isFirst);
  try {
    const result = await work();
    end();
    return result;
  } catch (error) {
    end(error);
    throw error;
  }
}

/**
 * The trace of a cause and its first span. Both follow from the cause's id alone, so that no process has to tell another:
 * the trace of a delivery has the delivery's id, without its hyphens.
 */
export function traceOf(cause: string): { traceId: string; spanId: string } {
  const digest = sha256(cause);
  const plain = cause.replaceAll("-", "");
  const traceId = /^(?!0+$)[0-9a-f]{32}$/.test(plain) ? plain : digest.slice(0, 32);
  return { traceId, spanId: digest.slice(-16) };
}

/**
 * Sends traces from now on; what it gives sends the last ones and ends it. Loaded only here: without the variables
 * nothing of OpenTelemetry is read. An error's message may hold secrets, so its kind alone is told.
 */
export async function startTracing({ url, headers, service }: Tracing): Promise<() => Promise<void>> {
  const [{ ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace }, exporting, { resourceFromAttributes }, sdk] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace"),
    ]);
  const random = new sdk.RandomIdGenerator();
  let first: ReturnType<typeof traceOf> | null = null;
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new exporting.OTLPTraceExporter({ url, headers }) })],
    idGenerator: {
      generateTraceId: () => first?.traceId ?? random.generateTraceId(),
      generateSpanId: () => first?.spanId ?? random.generateSpanId(),
    },
  });
  const tracer = provider.getTracer("sallyport");
  begin = (name, attributes, isFirst) => {
    const cause = currentCause();
    const ids = cause === undefined ? null : traceOf(cause);
    const above =
      ids === null || isFirst
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    first = isFirst ? ids : null;
    const span = tracer.startSpan(name, { attributes }, above);
    first = null;
    return (error) => {
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute("error.type", kindOf(error));
      }
      span.end();
    };
  };
  return async () => {
    begin = null;
    await provider.shutdown();
  };
}

function kindOf(error: unknown): string {
  if (error instanceof Error) return "code" in error ? String(error.code) : error.name;
  return typeof error;
}
