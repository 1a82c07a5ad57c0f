import { Button, Tree } from "antd";
import { useState } from "react";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { useUnitName } from "../ui/unit";
import { type Node, useUnits } from "./units";

interface Drawn {
  readonly key: string;
  readonly title: React.ReactNode;
  readonly children: Drawn[];
}

/** The bank's units, each under the one above it. They come with the bank's data. */
export function Units() {
  const { t, name } = useSpeech();
  const unitName = useUnitName();
  const { data, tree, error, refetch } = useUnits();
  const [open, setOpen] = useState<readonly string[] | null>(null);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  const drawn = (node: Node): Drawn => ({
    key: node.unit.unit_id,
    title: (
      <span className="unit-row">
        <span>{unitName(node.unit.unit_id, node.unit.name)}</span>
        <span className="quiet small figures">{node.unit.unit_id}</span>
        <span className="quiet small">{name("unit_kind", node.unit.kind)}</span>
        {node.unit.people > 0 && <span className="quiet small">{t("admin.unit_people", { count: node.unit.people })}</span>}
      </span>
    ),
    children: node.below.map(drawn),
  });
  const every = data.map((one) => one.unit_id);
  const top = tree.map((node) => node.unit.unit_id);
  const shown = open ?? top;
  return (
    <section className="card admin-part" aria-label={t("admin.units")}>
      <div className="bench-card-head">
        <p className="quiet">{t("admin.units_hint", { count: data.length })}</p>
        <ExportButton address="/api/v1/organisation.xlsx" count={data.length} />
      </div>
      <p>
        <Button size="small" onClick={() => setOpen(shown.length < every.length ? every : top)}>
          {t(shown.length < every.length ? "admin.units_open" : "admin.units_close")}
        </Button>
      </p>
      <Tree
        aria-label={t("admin.units")}
        selectable={false}
        treeData={tree.map(drawn)}
        expandedKeys={[...shown]}
        onExpand={(keys) => setOpen(keys.map(String))}
      />
    </section>
  );
}
