// @ts-check
// Functions of Request and Response as the middleware that Express and Fastify take.
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

/**
 * @template {import("node:http").IncomingMessage} Incoming
 * @param {(request: Request, incoming: Incoming) => Promise<Response | null>} answer `null`: the next one's turn
 * @returns {(incoming: Incoming, outgoing: import("node:http").ServerResponse, next: (error?: any) => void) => void}
 */
export const web = (answer) => (incoming, outgoing, next) => {
  const listen = getRequestListener(
    async (request) => (await answer(request, incoming)) ?? (next(), RESPONSE_ALREADY_SENT),
    // Whoever comes next may still want the body.
    { autoCleanupIncoming: false, errorHandler: (error) => (next(error), RESPONSE_ALREADY_SENT) },
  );
  listen(incoming, outgoing);
};
