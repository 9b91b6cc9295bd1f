// Who is signed in, and a button to change that.
import { currentAgent } from "../auth.js";
import { SignOut } from "./sign-out.js";

export default async function Home() {
  const agent = await currentAgent();
  if (!agent) {
    return (
      <>
        <h1>Nobody is signed in</h1>
        <p className="lead">The server keeps the tokens. This page gets a cookie that no script can read.</p>
        {/* No <Link>: Next would fetch ahead what begins a sign-in. */}
        <a className="button" href="/auth/login?returnTo=/">Sign in</a>
      </>
    );
  }
  return (
    <>
      <h1>{String(agent.claims.name)}</h1>
      <p className="lead">{agent.email}</p>
      <p>
        <a href="/tasks">Tasks</a>
      </p>
      <SignOut />
    </>
  );
}
