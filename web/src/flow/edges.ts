import type { FlowEdge } from "./tones";

export function edgeId(edge: Pick<FlowEdge, "source" | "target">): string {
  return `${edge.source} → ${edge.target}`;
}
