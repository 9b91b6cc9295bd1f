// @ts-check
// Login, callback, logout: all of a sign-in.
import { sessions } from "../../../auth.js";

/** @param {Request} request */
const handle = async (request) => (await sessions.handle(request)) ?? new Response("Not found", { status: 404 });

export { handle as GET, handle as POST };
