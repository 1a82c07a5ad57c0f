import { Button, Drawer } from "antd";
import type { ReactNode } from "react";
import { api } from "../api/client";
import { useSpeech } from "../i18n";
import { Failure, Loading } from "../ui/states";
import { instantText } from "../ui/time";
import { difference } from "./difference";
import { Who } from "./EntryTable";
import { type Conditions, type Entry, useActionName } from "./entries";
import { ObjectText } from "./ObjectText";
import { Term } from "../ui/Term";

interface Props {
  readonly entryNo: number;
  readonly close: () => void;
  readonly change: (values: Partial<Conditions>) => void;
}

/** One entry beside the list: all that stands in it, what was before and after. */
export function EntryDrawer({ entryNo, close, change }: Props) {
  const { t } = useSpeech();
  const { data, error, refetch } = api.useQuery("get", "/api/v1/audit/entries/{entry_no}", {
    params: { path: { entry_no: entryNo } },
  });
  return (
    <Drawer open onClose={close} size={720} title={<Term name="audit_entry">{t("audit.entry", { number: entryNo.toLocaleString("en") })}</Term>}>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : data ? (
        <Shown entry={data} change={change} />
      ) : (
        <Loading />
      )}
    </Drawer>
  );
}

function Shown({ entry, change }: { readonly entry: Entry; readonly change: Props["change"] }) {
  const { t, name } = useSpeech();
  const actionName = useActionName();
  return (
    <div className="audit-entry">
      <dl className="audit-facts">
        <Fact name={t("audit.at")}>
          <time className="figures" dateTime={entry.at} title={entry.at}>
            {instantText(entry.at)}
          </time>
        </Fact>
        <Fact name={t("audit.person")}>
          <Who row={entry} />
        </Fact>
        <Fact name={t("audit.action")}>
          {actionName(entry.action)} <code className="quiet small">{entry.action}</code>
        </Fact>
        <Fact name={t("audit.object")}>
          <ObjectText entry={entry} />{" "}
          {entry.object_id && (
            <Button
              size="small"
              type="link"
              onClick={() => change({ object_kind: entry.object_kind, object_id: entry.object_id })}
            >
              {t("audit.same_object")}
            </Button>
          )}
        </Fact>
        <Fact name={t("audit.outcome")}>
          <span className={`audit-outcome audit-${entry.outcome}`}>{name("audit_outcome", entry.outcome)}</span>
        </Fact>
        <Fact name={t("audit.why")}>{entry.why || "–"}</Fact>
        <Fact name={t("audit.unit")}>{entry.unit_name ?? entry.unit_id ?? "–"}</Fact>
        <Fact name={t("audit.request")}>
          {entry.request_id ? (
            <>
              <code>{entry.request_id}</code>{" "}
              <Button size="small" type="link" onClick={() => change({ request_id: entry.request_id })}>
                {t("audit.same_request")}
              </Button>
            </>
          ) : (
            "–"
          )}
        </Fact>
        <Fact name={t("audit.address")}>{entry.address || "–"}</Fact>
        <Fact name={t("audit.batch")}>
          {entry.batch_no} · {entry.algorithm}
        </Fact>
        <Fact name={t("audit.hash")}>
          <code className="audit-hash">{entry.hash}</code>
        </Fact>
      </dl>
      <Difference entry={entry} />
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="quiet">{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** What was before and what is after, value by value. */
function Difference({ entry }: { readonly entry: Entry }) {
  const { t } = useSpeech();
  const rows = difference(entry.before, entry.after);
  if (rows.length === 0) return <p className="quiet">{t("audit.no_values")}</p>;
  return (
    <table className="audit-difference">
      <caption>{t("audit.difference")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("audit.value")}</th>
          <th scope="col">{t("audit.before")}</th>
          <th scope="col">{t("audit.after")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.path} className={row.changed ? "audit-changed" : undefined}>
            <th scope="row">{row.path || t("audit.whole")}</th>
            <td>{row.before === undefined ? <span className="quiet">–</span> : row.changed ? <del>{row.before}</del> : row.before}</td>
            <td>{row.after === undefined ? <span className="quiet">–</span> : row.changed ? <ins>{row.after}</ins> : row.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
