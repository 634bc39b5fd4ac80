import { Hono } from "hono";
import type { State } from "./model.ts";

export function gitOverHttp(_state: State): Hono {
  return new Hono();
}
