import { Pagination } from "antd";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { ExportButton } from "../table/ExportButton";
import { Failure, Loading, Notice } from "../ui/states";
import { Term } from "../ui/Term";
import { useAddress } from "./address";
import { LineTable } from "./LineTable";
import { countText } from "./size";

const PAGE = 20;

/** Lines that several partners fit: the system does not guess. */
export function Ambiguous() {
  const { t, name } = useSpeech();
  const { change, page } = useAddress();
  const { data, error, refetch } = api.useQuery(
    "get",
    "/api/v1/ambiguous",
    { params: { query: { offset: (page - 1) * PAGE, limit: PAGE } } },
    { placeholderData: (before) => before, refetchOnMount: "always" },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  if (data.total_count === 0)
    return (
      <Notice tone="empty" title={t("imports.ambiguous_none")}>
        <p>{t("imports.ambiguous_none_hint")}</p>
      </Notice>
    );
  return (
    <div className="imports-stack">
      <div className="imports-filters">
        <p className="quiet small imports-explain">
          <Term name="ambiguous" /> · {t("imports.ambiguous_explain")}
        </p>
        <ExportButton address="/api/v1/ambiguous.xlsx" count={null} />
      </div>
      {data.items.map((group, place) => (
        <section key={group.group_id} className="card" aria-labelledby={`group-${group.group_id}`}>
          <div className="card-head">
            <h2 id={`group-${group.group_id}`}>{t("imports.group", { number: (page - 1) * PAGE + place + 1 })}</h2>
            <p className="quiet">{name("pairing_doubt", group.reason)}</p>
          </div>
          <LineTable lines={group.lines} pagination={false} small />
        </section>
      ))}
      {data.total_count > PAGE && (
        <Pagination
          current={page}
          pageSize={PAGE}
          total={data.total_count}
          showSizeChanger={false}
          showTotal={(count) => t("imports.total", { count: countText(count) })}
          onChange={(next) => change({ page: String(next) })}
        />
      )}
    </div>
  );
}
