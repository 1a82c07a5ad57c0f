import { useMemo } from "react";
import { api, type Schemas } from "../api/client";
import { useUnitName } from "../ui/unit";

export type Unit = Schemas["UnitRow"];

export interface Node {
  readonly unit: Unit;
  readonly below: readonly Node[];
}

/** The units of the bank, as a tree and by their number. */
export function useUnits() {
  const unitName = useUnitName();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/organisation", {}, { staleTime: 300_000 });
  const tree = useMemo(() => treeOf(data ?? []), [data]);
  const known = useMemo(() => new Map((data ?? []).map((one) => [one.unit_id, one])), [data]);
  const name = (id: string) => unitName(id, known.get(id)?.name ?? id);
  return { data, error, refetch, tree, name };
}

function treeOf(units: readonly Unit[]): readonly Node[] {
  const known = new Set(units.map((one) => one.unit_id));
  const below = new Map<string, Unit[]>();
  for (const unit of units) {
    const parent = unit.parent_unit_id !== null && known.has(unit.parent_unit_id) ? unit.parent_unit_id : "";
    below.set(parent, [...(below.get(parent) ?? []), unit]);
  }
  const node = (unit: Unit): Node => ({ unit, below: (below.get(unit.unit_id) ?? []).map(node) });
  return (below.get("") ?? []).map(node);
}
