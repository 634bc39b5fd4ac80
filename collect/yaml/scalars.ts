import {
  CORE_SCHEMA,
  getScalarValue,
  JSON_SCHEMA,
  NOT_RESOLVED,
  SCALAR_STYLE,
  type ScalarEvent,
  type Schema,
  YAML11_SCHEMA,
} from "js-yaml";
import type { Scalar, ScalarStyle } from "../../core/yaml.ts";

/** A scalar without its position; `isAmbiguous`: without quotes, YAML readers disagree about its value. */
export type ScalarText = Pick<Scalar, "value" | "text" | "style"> & { isAmbiguous: boolean };

const styles: Record<ScalarEvent["style"], ScalarStyle> = {
  [SCALAR_STYLE.PLAIN]: "plain",
  [SCALAR_STYLE.SINGLE_QUOTED]: "quoted",
  [SCALAR_STYLE.DOUBLE_QUOTED]: "quoted",
  [SCALAR_STYLE.LITERAL_BLOCK]: "literal",
  [SCALAR_STYLE.FOLDED_BLOCK]: "folded",
};

/** How a schema reads a plain scalar; undefined when it reads it as a string. */
function resolved(text: string, schema: Schema): unknown {
  for (const tag of schema.tags) {
    if (tag.nodeKind !== "scalar" || !tag.implicit) continue;
    if (tag.implicitFirstChars?.includes(text.charAt(0)) === false) continue;
    const value: unknown = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return undefined;
}

/** The schemas that other readers use instead of YAML 1.2's core schema. */
const otherReaders = [JSON_SCHEMA, YAML11_SCHEMA];

/**
 * Reads a scalar by YAML 1.2's core schema. We read a key as a string, so it is ambiguous if any reader takes it for
 * another type. Ambiguity is checked by the strict rules only.
 */
export function readScalar(source: string, event: ScalarEvent, isKey: boolean, isStrict: boolean): ScalarText {
  const text = getScalarValue(source, event);
  const style = styles[event.style];
  if (style !== "plain") return { value: text, text, style, isAmbiguous: false };
  if (text === "" && !isKey) return { value: null, text, style, isAmbiguous: false };
  const read = resolved(text, CORE_SCHEMA);
  const expected = isKey ? undefined : read;
  const isAmbiguous =
    isStrict && (read !== expected || otherReaders.some((schema) => !Object.is(resolved(text, schema), expected)));
  const isMore = read === null || typeof read === "number" || typeof read === "boolean";
  return { value: isMore && !isKey && !isAmbiguous ? read : text, text, style, isAmbiguous };
}
