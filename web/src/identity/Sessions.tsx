import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Table } from "antd";
import { api, type Schemas } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { problemText } from "../ui/wording";

const SESSIONS = "/api/v1/me/sessions";
type Row = Schemas["SessionRow"];

/** Where one is signed in; every one of them can be ended from here. */
export function Sessions() {
  const { t, name, language } = useSpeech();
  const queries = useQueryClient();
  const { data, error, refetch } = api.useQuery("get", SESSIONS, {}, { refetchOnMount: "always" });
  const again = { onSettled: () => void queries.invalidateQueries({ queryKey: ["get", SESSIONS] }) };
  const end = api.useMutation("delete", "/api/v1/me/sessions/{session_id}", again);
  const endOthers = api.useMutation("delete", SESSIONS, again);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  const failed = end.error ?? endOthers.error;
  return (
    <>
      {failed && <Alert type="error" showIcon role="alert" title={t("me.not_done")} description={problemText(language, failed) || t("error.unreachable")} />}
      <Table<Row>
        size="small"
        rowKey="session_id"
        aria-label={t("me.sessions")}
        dataSource={[...data]}
        pagination={false}
        scroll={{ x: true }}
        columns={[
          {
            title: t("me.session_where"),
            key: "where",
            render: (_, row) => (
              <>
                {deviceOf(row.agent) || t("me.session_unknown")}
                {row.present && <span className="list-state own-present">{t("me.session_present")}</span>}
              </>
            ),
          },
          { title: t("me.session_address"), key: "address", className: "figures nowrap", render: (_, row) => row.address || "–" },
          { title: t("me.session_way"), key: "way", render: (_, row) => name("sign_in_way", row.way) },
          { title: t("me.session_made"), key: "made", className: "figures nowrap", render: (_, row) => instantText(row.made_at) },
          { title: t("me.session_seen"), key: "seen", className: "figures nowrap", render: (_, row) => instantText(row.seen_at) },
          {
            title: t("me.session_act"),
            key: "act",
            render: (_, row) =>
              !row.present && (
                <Button
                  size="small"
                  loading={end.isPending && end.variables?.params.path.session_id === row.session_id}
                  onClick={() => end.mutate({ params: { path: { session_id: row.session_id } } })}
                >
                  {t("me.session_end")}
                </Button>
              ),
          },
        ]}
      />
      {data.length > 1 && (
        <div>
          <Button loading={endOthers.isPending} onClick={() => endOthers.mutate({})}>
            {t("me.sessions_end_others")}
          </Button>
        </div>
      )}
    </>
  );
}

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Windows/, "Windows"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** Browser and system, of what the browser says of itself. */
function deviceOf(agent: string): string {
  const found = (of: readonly (readonly [RegExp, string])[]) => of.find(([mark]) => mark.test(agent))?.[1];
  return [found(BROWSERS), found(SYSTEMS)].filter(Boolean).join(" · ");
}
