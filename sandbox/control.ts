/** The sandbox's own controls under `/_sandbox`: they need no token and exist on loopback only, as the server does. */
import { Hono } from "hono";
import { addFault, faultSchema } from "./faults.ts";
import type { State } from "./model.ts";
import type { Asked } from "./rest.ts";
import { settled } from "./work.ts";

export function controls(state: State, requests: Asked[]): Hono {
  const control = new Hono();
  control.get("/requests", (context) => context.json(requests));
  control.delete("/requests", (context) => {
    requests.length = 0;
    return context.body(null, 204);
  });
  control.get("/faults", (context) => context.json(state.faults));
  control.post("/faults", async (context) => {
    const order = faultSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!order.success) {
      const [issue] = order.error.issues;
      return context.json({ message: `fault: ${issue?.path.join(".")} ${issue?.message}` }, 422);
    }
    addFault(state, order.data);
    return context.json(order.data, 201);
  });
  control.delete("/faults", (context) => {
    state.faults = [];
    return context.body(null, 204);
  });
  /** Answers when every webhook has been delivered and every simulated check has reported. */
  control.get("/settled", async (context) => {
    await settled(state);
    return context.body(null, 204);
  });
  return control;
}
