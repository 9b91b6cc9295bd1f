// A page for people who are signed in and may read tasks.
import { redirect } from "next/navigation";
import { currentAgent } from "../../auth.js";

export default async function Tasks() {
  const agent = await currentAgent();
  if (!agent) redirect("/auth/login?returnTo=/tasks");
  const may = ["read", "write"].filter((action) => agent.hasAccess(action, "projects.tasks"));
  return (
    <>
      <h1>Tasks</h1>
      <p className="lead">{may.length ? `${agent.claims.name} may ${may.join(" and ")} them.` : `Not for ${agent.claims.name}.`}</p>
      <p>
        <a href="/">Back</a>
      </p>
    </>
  );
}
