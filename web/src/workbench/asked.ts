import { api } from "../api/client";
import { type Me, may } from "../identity/me";

// What the workbench asks the server for: asked ahead where a browser opens it first, and by its cards.
export const WORKBENCH = api.queryOptions("get", "/api/v1/workbench", {});
export const USES = api.queryOptions("get", "/api/v1/portfolio/uses", { params: { query: { by: "industry" } } });
export const BY_INDUSTRY = api.queryOptions("get", "/api/v1/portfolio", { params: { query: { by: "industry" } } });
export const BY_UNIT = api.queryOptions("get", "/api/v1/portfolio", { params: { query: { by: "unit" } } });
export const CONCENTRATION = api.queryOptions("get", "/api/v1/portfolio/concentration", {});
export const MIGRATION = api.queryOptions("get", "/api/v1/portfolio/migration", {});

/** Whether somebody sees the sums of the portfolio instead of its loans. */
export function seesSums(me: Me): boolean {
  return me.reach !== "none" && may(me, ["read_portfolio"]) && !may(me, ["read_loans"]);
}
