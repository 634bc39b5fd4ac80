/** The answers of routes. Refusals are ordinary values, in GitHub's wording. */

export type Answer = {
  status: number;
  /** JSON, or text when `type` names another media type; undefined for no body. */
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
};

export type FieldError = { resource?: string; field?: string; code: string; message?: string };

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export function accepted(body: unknown = {}): Answer {
  return { status: 202, body };
}

export function noContent(): Answer {
  return { status: 204 };
}

export function refused(status: number, message: string, errors?: (FieldError | string)[]): Answer {
  const body = {
    message,
    ...(errors === undefined ? {} : { errors }),
    documentation_url: "https://docs.github.com/rest",
    status: String(status),
  };
  return { status, body };
}

export function notFound(): Answer {
  return refused(404, "Not Found");
}

/** The answer about what a request names; 404 when there is no such thing. */
export function ifFound<T, A extends Answer | Promise<Answer>>(
  found: T | undefined,
  reply: (found: T) => A,
): A | Answer {
  return found === undefined ? notFound() : reply(found);
}

export function forbidden(message = "Resource not accessible by integration"): Answer {
  return refused(403, message);
}

/** 422: the request was understood and cannot be carried out. */
export function invalid(...errors: FieldError[]): Answer {
  return refused(422, "Validation Failed", errors);
}
