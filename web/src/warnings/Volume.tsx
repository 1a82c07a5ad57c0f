import { Modal, Table } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { milliText } from "../rules/milli";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading } from "../ui/states";
import { useRuleName } from "./rules";

type Month = Schemas["VolumeMonth"];
type Cost = Schemas["RuleCost"];

/** Warnings for each 1,000 loans, with one decimal. */
function perThousand(threads: number, loans: number): string {
  return loans > 0 ? ((threads * 1000) / loans).toFixed(1) : "–";
}

/** New warnings a month against what staff can work, and what each rule adds. */
export function VolumeDialog({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const { t } = useSpeech();
  return (
    <Modal open={open} title={t("warnings.volume")} footer={null} onCancel={close} width={860} destroyOnHidden>
      <VolumeReport />
    </Modal>
  );
}

function VolumeReport() {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/warnings/volume", {});
  const called = useRuleName(data?.rule_words);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={6} />;
  const { loans, budget, severe_budget: severeBudget } = data;
  const over = (count: number, limit: number) => (loans > 0 && (count * 1000) / loans > limit ? "danger figures" : "figures");
  return (
    <div className="volume">
      <p className="quiet">{t("warnings.volume_hint", { loans: loans.toLocaleString("en"), budget, severe: severeBudget })}</p>
      <p>{t("warnings.volume_mean", { threads: milliText(data.threads_milli), severe: milliText(data.severe_milli) })}</p>
      <div className="volume-tables">
        <div>
          <div className="table-tools">
            <ExportButton address="/api/v1/warnings/volume.xlsx" count={data.months.length} />
          </div>
          <Table<Month>
            size="small"
            rowKey="month"
            pagination={false}
            dataSource={data.months}
            columns={[
              { title: t("warnings.month"), dataIndex: "month", className: "figures nowrap" },
              {
                title: t("warnings.per_thousand"),
                key: "threads",
                align: "right",
                render: (_, row) => (
                  <span className={over(row.threads, budget)}>
                    {perThousand(row.threads, loans)} <span className="quiet">({row.threads})</span>
                  </span>
                ),
              },
              {
                title: t("warnings.severe"),
                key: "severe",
                align: "right",
                render: (_, row) => (
                  <span className={over(row.severe, severeBudget)}>
                    {perThousand(row.severe, loans)} <span className="quiet">({row.severe})</span>
                  </span>
                ),
              },
            ]}
          />
        </div>
        <div>
          <div className="table-tools">
            <ExportButton address="/api/v1/warnings/rules.xlsx" count={data.rules.length} />
          </div>
          <Table<Cost>
            size="small"
            rowKey="rule_code"
            pagination={false}
            dataSource={data.rules}
            columns={[
              { title: t("warnings.rule"), key: "rule", render: (_, row) => called(row.rule_code) },
              { title: t("warnings.threads"), dataIndex: "threads", align: "right", className: "figures" },
              {
                title: t("warnings.per_thousand_a_month"),
                dataIndex: "threads_milli",
                align: "right",
                className: "figures",
                render: (milli: number) => milliText(milli),
              },
              { title: t("warnings.alone"), dataIndex: "alone", align: "right", className: "figures" },
              {
                title: t("warnings.judged"),
                key: "judged",
                align: "right",
                className: "figures nowrap",
                render: (_, row) => `${row.true_positives} / ${row.false_alarms}`,
              },
              { title: t("warnings.suppressed"), dataIndex: "suppressed", align: "right", className: "figures" },
            ]}
          />
        </div>
      </div>
    </div>
  );
}
