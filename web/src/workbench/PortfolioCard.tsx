import { Table } from "antd";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { may, useMe } from "../identity/me";
import { Amount } from "../ui/Amount";
import { useUnitName } from "../ui/unit";
import { Card } from "./Card";
import { ppmText } from "./shares";

type Unit = Schemas["UnitStanding"];
const YUAN = { currency: "CNY", minor_digits: 2 } as const;

/** How the units stand against each other. */
export function PortfolioCard({ portfolio }: { readonly portfolio: Schemas["PortfolioStanding"] }) {
  const { t } = useSpeech();
  const me = useMe();
  const unitName = useUnitName();
  const opens = may(me, ["read_loans"]);
  const named = (one: Unit) => unitName(one.unit_id, one.unit_name ?? one.unit_id ?? "");
  return (
    <Card title={t("workbench.units_title")} note={t("workbench.units_note")}>
      <Table<Unit>
        size="small"
        rowKey={(one) => one.unit_id ?? ""}
        aria-label={t("workbench.units_title")}
        dataSource={[...portfolio.units]}
        pagination={false}
        scroll={{ x: true }}
        columns={[
          {
            title: t("workbench.unit"),
            key: "unit",
            render: (_, one) => (opens ? <Link to={`/loans?unit=${encodeURIComponent(one.unit_id ?? "")}`}>{named(one)}</Link> : named(one)),
          },
          {
            title: t("workbench.balance"),
            key: "balance",
            align: "right",
            className: "nowrap",
            render: (_, one) => <Amount fen={one.balance_fen} form="short" {...YUAN} />,
          },
          {
            title: t("workbench.overdue_share_short"),
            key: "overdue",
            align: "right",
            className: "figures",
            render: (_, one) => ppmText(Number(one.overdue_balance_fen), Number(one.balance_fen)),
          },
          {
            title: t("workbench.suspected_short"),
            key: "suspected",
            align: "right",
            className: "figures",
            render: (_, one) => one.suspected_count,
          },
          {
            title: t("workbench.severe_short"),
            key: "severe",
            align: "right",
            className: "figures",
            render: (_, one) => one.severe_count,
          },
          {
            title: t("workbench.late_short"),
            key: "late",
            align: "right",
            render: (_, one) => <span className={one.late_count > 0 ? "danger figures" : "figures"}>{one.late_count}</span>,
          },
        ]}
      />
    </Card>
  );
}
