import { Table } from "antd";
import type { Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Amount, type Currency } from "../ui/Amount";

const CLASSES = ["normal", "special_mention", "substandard", "doubtful", "loss"] as const;
const GONE = ["settled", "written_off", "transferred"] as const;

interface Props extends Currency {
  readonly moved: readonly Schemas["PortfolioMove"][];
  readonly day: string;
  readonly fewest: number | null;
}

/** Where the loans of each class went: five classes then, five and three ways out now. */
export function Migration({ moved, day, fewest, ...currency }: Props) {
  const { t, name } = useSpeech();
  const of = (then: string, now: string) => moved.find((one) => one.class_then === then && one.class_now === now);
  const columns = [...CLASSES, ...GONE.filter((state) => moved.some((one) => one.class_now === state))];
  return (
    <section className="card migration" aria-label={t("portfolio.migration")}>
      <div className="card-head">
        <h2>{t("portfolio.migration")}</h2>
        <p className="quiet small">{t("portfolio.migration_hint", { day })}</p>
      </div>
      <Table<string>
        size="small"
        rowKey={(then) => then}
        pagination={false}
        scroll={{ x: "max-content" }}
        dataSource={CLASSES.filter((then) => moved.some((one) => one.class_then === then))}
        columns={[
          { key: "then", title: t("portfolio.class_then"), render: (_, then) => name("five_class", then) },
          ...columns.map((now) => ({
            key: now,
            title: name(GONE.some((state) => state === now) ? "state" : "five_class", now),
            align: "right" as const,
            className: "figures nowrap",
            render: (_: unknown, then: string) => {
              const cell = of(then, now);
              if (!cell) return <span className="quiet">–</span>;
              if (cell.loan_count === null || cell.balance_fen === null)
                return <span className="quiet small">{t("portfolio.few", { least: fewest ?? 0 })}</span>;
              return (
                <span className={then !== now && !GONE.some((state) => state === now) ? "migrated" : undefined}>
                  {cell.loan_count.toLocaleString("en")}
                  <span className="quiet small">
                    {" · "}
                    <Amount fen={cell.balance_fen} form="short" {...currency} />
                  </span>
                </span>
              );
            },
          })),
        ]}
      />
    </section>
  );
}
